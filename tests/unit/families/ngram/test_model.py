from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import model_checks
from fakes import random_text, store_of, tokenizer_of, vocabulary_spec
from nextword.base import FormatError
from nextword.families import NgramConfig, train_ngram
from nextword.families.ngram import NgramLanguageModel, model, ngram_from_arrays
from nextword.generation import complete
from nextword.ngrams import Matches, NgramTables, next_word_log_probs


def built(seed: int, config: NgramConfig) -> NgramLanguageModel:
    text = random_text(30, seed=seed, num_words=5)
    tokenizer = tokenizer_of(random_text(30, num_words=5))
    return train_ngram(store_of(tokenizer, text), tokenizer, config=config)


ids = st.integers(3, 8)


@settings(max_examples=40)
@given(st.lists(ids, max_size=6), st.lists(ids, min_size=1, max_size=6))
def test_ngram_carried_over_a_line_end_equals_reset(before: list[int], after: list[int]) -> None:
    model = built(0, NgramConfig(order=4))
    end = model.boundary_id
    fresh = model.initial_state(1)

    carried = model.advance(torch.tensor([[*before, end]]), fresh)
    alone = model.advance(torch.tensor([[end]]), fresh)

    text = torch.tensor([after])
    assert torch.equal(model.next_log_probs(text, carried)[0], model.next_log_probs(text, alone)[0])
    assert torch.equal(carried.tensors["context"], alone.tensors["context"])


def test_ngram_complete_builds_one_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = tokenizer_of(random_text(30, num_words=5))
    language_model = built(0, NgramConfig(order=4))
    expected = complete(language_model, tokenizer, context="w0 w1 ", k=3)
    asked: list[int] = []

    def recorded(tables: NgramTables, contexts: Matches, **options: Any) -> np.ndarray:
        asked.append(options["num_places"])
        return next_word_log_probs(tables, contexts, **options)

    monkeypatch.setattr(model, "next_word_log_probs", recorded)

    assert complete(language_model, tokenizer, context="w0 w1 ", k=3) == expected
    assert asked == [1]


def test_ngram_state_is_the_last_tokens() -> None:
    model = built(0, NgramConfig(order=4))

    state = model.advance(torch.tensor([[4, 5, 6, 7, 8]]), model.initial_state(1))

    assert state.tensors["context"].tolist() == [[6, 7, 8]]


def test_ngram_target_that_does_not_follow_is_scored_by_its_context() -> None:
    model = built(0, NgramConfig(order=4))
    token_ids = torch.tensor([[3, 4, 5, 6]])
    other = torch.tensor([[5, 6, 4, 4]])

    nll, _ = model.nll(token_ids, other, model.initial_state(1))

    log_probs, _ = model.next_log_probs(token_ids, model.initial_state(1))
    assert torch.equal(nll, -log_probs.gather(2, other[:, :, None]).squeeze(2))


def test_ngram_never_ids_cost_infinitely_much() -> None:
    model = built(0, NgramConfig(order=2))

    nll, _ = model.nll(torch.tensor([[3, 2]]), torch.tensor([[2, 0]]), model.initial_state(1))

    assert nll.tolist() == [[np.inf, np.inf]]


def test_ngram_maximum_likelihood_unseen_word_costs_infinitely_much() -> None:
    model = built(0, NgramConfig(order=2, smoothing="maximum_likelihood"))

    nll, _ = model.nll(torch.tensor([[3]]), torch.tensor([[1]]), model.initial_state(1))

    assert nll.tolist() == [[np.inf]]


def test_ngram_match_orders_says_how_much_was_known() -> None:
    tokenizer = tokenizer_of("a b c d\n")
    store = store_of(tokenizer, "a b c\n")
    model = train_ngram(store, tokenizer, config=NgramConfig(order=3))
    a, b, c, d = (tokenizer.id_of(word) for word in "abcd")
    token_ids, target_ids = torch.tensor([[3, a, b, d]]), torch.tensor([[a, b, d, c]])

    orders = model.match_orders(token_ids, target_ids, state=model.initial_state(1))

    assert orders.tolist() == [[2, 3, 1, 1]]


def test_ngram_from_arrays_is_the_same_model() -> None:
    model = built(0, NgramConfig(order=3, prune=(0, 0, 1)))

    again = ngram_from_arrays(
        model.tables.arrays(),
        vocabulary=tokenizer_of(random_text(30, num_words=5)).vocabulary_spec,
        source="model.safetensors",
    )

    assert again.fingerprint() == model.fingerprint()
    assert again.num_parameters == model.num_parameters == model.tables.num_parameters


def test_ngram_from_arrays_of_another_vocabulary_is_refused() -> None:
    model = built(0, NgramConfig(order=2))

    with pytest.raises(FormatError, match=r"model.safetensors is damaged: it has"):
        ngram_from_arrays(
            model.tables.arrays(),
            vocabulary=vocabulary_spec(model.vocab_size + 1),
            source="model.safetensors",
        )


def test_ngram_reads_on_without_any_step() -> None:
    model = built(0, NgramConfig(order=4))
    state = model.advance(model_checks.random_ids(model, 2, 3), model.initial_state(2))
    nothing = torch.zeros(2, 0, dtype=torch.int64)

    log_probs, after = model.next_log_probs(nothing, state)

    assert log_probs.shape == (2, 0, model.vocab_size)
    assert torch.equal(after.tensors["context"], state.tensors["context"])


@pytest.mark.parametrize("token_id", [-2, 10**9])
def test_state_from_bytes_with_impossible_tokens_is_refused(token_id: int) -> None:
    model = built(0, NgramConfig(order=3))
    state = model.initial_state(1)
    broken = state.after(
        {"context": torch.full_like(state.tensors["context"], token_id)}, num_new_tokens=1
    )

    with pytest.raises(FormatError, match=rf"context has token ids from {token_id} to"):
        model.state_from_bytes(broken.to_bytes())
