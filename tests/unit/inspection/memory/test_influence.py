from dataclasses import replace

import pytest
import torch

from fakes import HashModel, network_spec, random_text, store_of, tokenizer_of, uniform_model
from nextword.base import DataError
from nextword.families import (
    NgramConfig,
    RecurrentConfig,
    TransformerConfig,
    WindowConfig,
    train_ngram,
)
from nextword.inspection.memory import Influence, MemoryText, read_memory_text, token_influence
from nextword.models import LanguageModel, NeuralLanguageModel

TEXT = random_text(60, num_words=6)
TOKENIZER = tokenizer_of(TEXT)


def influence(model: LanguageModel, **options: int) -> Influence:
    settings = {"max_distance": 12, "num_positions": 40, **options}
    return token_influence(model, read_memory_text(TEXT, TOKENIZER), **settings)


def built(config: RecurrentConfig | WindowConfig | TransformerConfig) -> NeuralLanguageModel:
    torch.manual_seed(0)
    spec = replace(network_spec(), vocabulary=TOKENIZER.vocabulary_spec)
    return config.build(spec).eval()


@pytest.mark.parametrize("order", [1, 2, 4])
def test_ngram_has_no_influence_from_its_order_on(order: int) -> None:
    model = train_ngram(store_of(TOKENIZER, TEXT), TOKENIZER, config=NgramConfig(order=order))

    found = influence(model)

    by_distance = dict(zip(found.distances, found.means, strict=True))
    assert all(mean == 0.0 for distance, mean in by_distance.items() if distance >= order)
    assert all(mean > 0.0 for distance, mean in by_distance.items() if distance < order)
    assert found.reach is not None
    assert found.reach >= order if order in found.distances else True


def test_window_has_no_influence_beyond_it() -> None:
    found = influence(built(WindowConfig(window=3, hidden_size=4)))

    assert [mean > 0.0 for mean in found.means] == [True] * 3 + [False] * (len(found.means) - 3)
    assert found.reach == 5


def test_hash_model_has_the_same_influence_at_all_distances() -> None:
    model = HashModel(TOKENIZER.vocab_size, boundary_id=TOKENIZER.boundary_id)

    found = influence(model)

    assert found.half_life is None
    assert found.reach is None
    assert min(found.means) > 0.5 * max(found.means)
    assert all(error > 0.0 for error in found.standard_errors)


def test_model_that_ignores_the_context_has_none() -> None:
    model = uniform_model(TOKENIZER.vocab_size, boundary_id=TOKENIZER.boundary_id)

    found = influence(model)

    assert set(found.means) == {0.0}
    assert found.reach == 1


@pytest.mark.parametrize(
    "config", [RecurrentConfig(hidden_size=5, cell="gru"), TransformerConfig(hidden_size=8)]
)
def test_influence_equals_reading_whole_rows(
    config: RecurrentConfig | TransformerConfig,
) -> None:
    """The farthest effect of one position, computed without any shared state."""
    model = built(config)
    text = read_memory_text(TEXT, TOKENIZER)
    same = MemoryText(
        token_ids=text.token_ids[:13],
        num_unknown=0,
        num_bytes=text.num_bytes,
        description="the start",
    )

    found = token_influence(model, same, max_distance=12, num_positions=1, seed=4)

    ids = torch.tensor([[model.boundary_id, *same.token_ids[:12].tolist()]])
    candidates = []
    with torch.no_grad():
        expected = model.next_log_probs(ids, model.initial_state(1))[0][0, -1]
        for other in set(same.token_ids.tolist()) - {int(same.token_ids[0])}:
            changed = ids.clone()
            changed[0, 1] = other
            got = model.next_log_probs(changed, model.initial_state(1))[0][0, -1]
            terms = expected.exp() * (expected - got)
            candidates.append(float(terms[expected > -torch.inf].sum()))
    assert any(found.means[-1] == pytest.approx(each, abs=1e-6) for each in candidates)


def test_same_seed_gives_the_same_numbers() -> None:
    model = built(RecurrentConfig(hidden_size=4))

    assert influence(model, seed=1) == influence(model, seed=1)
    assert influence(model, seed=1) != influence(model, seed=2)


def test_text_of_one_token_is_refused() -> None:
    text = read_memory_text("one " * 30, TOKENIZER)

    with pytest.raises(DataError, match="repeats one token"):
        token_influence(uniform_model(TOKENIZER.vocab_size), text, max_distance=3)
