"""A member that is reset at each line, in a text that is read as one unit."""

import pytest
import torch

from families import CASES
from nextword.evaluation import evaluate_store
from nextword.families import LineResetModel, NgramLanguageModel
from nextword.tokens import Reset

NAMES = ["lstm-1-tied", "transformer-2", "maxent-lstm-3", "window-3-untied", "ngram-3-character"]


def wrapped(name: str) -> LineResetModel:
    case = CASES[name]
    return LineResetModel(
        case.build(0), line_end_ids=case.tokenizer.vocabulary_spec.line_end_ids
    ).eval()


@pytest.mark.parametrize("chunk_length", [None, 3])
@pytest.mark.parametrize("name", NAMES)
def test_line_reset_scores_are_those_of_a_reset_at_each_line(
    name: str, chunk_length: int | None
) -> None:
    case, model = CASES[name], wrapped(name)
    store = case.texts.held_out["valid"]

    def nll_sum(scored: LineResetModel, reset: Reset) -> float:
        return evaluate_store(
            scored, store, tokenizer=case.tokenizer, reset=reset, chunk_length=chunk_length
        ).nll_sum

    expected = evaluate_store(model.model, store, tokenizer=case.tokenizer, reset="line").nll_sum

    assert nll_sum(model, "never") == pytest.approx(expected, rel=1e-6)
    assert nll_sum(model, "line") == pytest.approx(expected, rel=1e-6)
    carried = evaluate_store(model.model, store, tokenizer=case.tokenizer, reset="never").nll_sum
    assert carried != pytest.approx(expected, rel=1e-4)


def test_line_reset_nll_of_a_mask_is_zero_elsewhere() -> None:
    model = wrapped("lstm-1-tied")
    ids = torch.tensor([[3, 5, 3, 6, 4], [5, 6, 4, 3, 3]])
    targets = torch.tensor([[5, 3, 6, 4, 3], [6, 4, 3, 3, 5]])
    lengths, mask = torch.tensor([5, 4]), torch.arange(5).expand(2, 5) % 2 == 0

    masked, after = model.nll(ids, targets, model.initial_state(2), lengths, mask)
    whole, _ = model.nll(ids, targets, model.initial_state(2), lengths)

    kept = mask & (torch.arange(5) < lengths[:, None])
    torch.testing.assert_close(masked, torch.where(kept, whole, 0.0))
    assert after.num_tokens.tolist() == [5, 4]


def test_line_reset_contexts_begin_at_the_line() -> None:
    model = wrapped("ngram-3-character")
    ngram = model.model
    assert isinstance(ngram, NgramLanguageModel)
    end = model.line_end_ids[0]
    line = torch.tensor([[5, 6, 5]])
    first = torch.tensor([[ngram.boundary_id]])

    found = model.context_lengths(
        torch.cat([first, line, torch.tensor([[end]]), line], 1), model.initial_state(1)
    )

    one = ngram.context_lengths(torch.cat([first, line], 1), ngram.initial_state(1))
    torch.testing.assert_close(found, one.repeat(1, 2))
