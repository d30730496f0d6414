import torch
from hypothesis import given
from hypothesis import strategies as st

from naive_features import naive_slot
from nextword.families.maxent.hashing import extended, first_slots


def hashed(context: list[int]) -> torch.Tensor:
    hashes = torch.zeros(1, dtype=torch.int64)
    for word in context:
        hashes = extended(hashes, torch.tensor([word]))
    return hashes


@given(
    st.lists(st.integers(0, 40_000), min_size=1, max_size=8),
    st.integers(0, 99),
    st.integers(100, 2**30),
)
def test_first_slots_are_those_of_pythons_numbers(
    context: list[int], word: int, num_slots: int
) -> None:
    first = first_slots(hashed(context), length=len(context), num_slots=num_slots, vocab_size=100)

    slot = int(first) + word
    assert 0 <= slot < num_slots
    assert slot == naive_slot((*context, word), num_slots=num_slots, vocab_size=100)


def test_first_slots_spread_evenly() -> None:
    contexts = torch.arange(20_000)
    hashes = extended(extended(torch.zeros_like(contexts), contexts // 7), contexts % 7)

    slots = first_slots(hashes, length=2, num_slots=1099, vocab_size=100)

    counts = torch.bincount(slots, minlength=1000).double()
    # 20 a slot in the mean; their variance is a Poisson's, if nothing draws them together.
    assert 0.85 < counts.var().item() / 20.0 < 1.15


def test_first_slots_of_contexts_that_share_words_differ() -> None:
    contexts = [[5], [5, 5], [5, 5, 5], [5, 6], [6, 5], [6]]

    slots = {
        int(first_slots(hashed(c), length=len(c), num_slots=2**40, vocab_size=10)) for c in contexts
    }

    assert len(slots) == len(contexts)
