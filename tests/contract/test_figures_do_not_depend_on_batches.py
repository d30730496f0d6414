"""The perplexity of a neural model is the same however its text is cut into batches and chunks."""

import itertools

import pytest
import torch

from fakes import network_spec, random_text, store_of, tokenizer_of
from nextword.evaluation import evaluate
from nextword.families import RecurrentConfig, RegularizationConfig
from nextword.models import LanguageModel, State
from nextword.tensors import Hidden, Lengths, TokenIds
from nextword.tokens import RESETS, Reset, Tokenizer, TokenStore

#: Batch sizes and chunk lengths.
SHAPES = tuple(itertools.product((1, 7, 64), (1, 35, 1000)))
TEXTS = [random_text(12, seed=seed) for seed in range(4)]


def make_model(cell: str, tokenizer: Tokenizer) -> LanguageModel:
    torch.manual_seed(3)
    config = RecurrentConfig(cell=cell, num_layers=2, hidden_size=21)
    model = config.build(
        network_spec(
            vocab_size=tokenizer.vocab_size,
            boundary_id=tokenizer.boundary_id,
            never_ids=tokenizer.never_ids,
            regularization=RegularizationConfig(input_dropout=0.5, output_dropout=0.5),
        )
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0)
    return model


def perplexities(
    model: LanguageModel,
    store: TokenStore,
    tokenizer: Tokenizer,
    reset: Reset,
    shapes: tuple[tuple[int, int], ...] = SHAPES,
) -> list[float]:
    return [
        evaluate(
            model,
            store,
            tokenizer=tokenizer,
            name="model",
            text="text",
            reset=reset,
            batch_size=batch_size,
            chunk_length=chunk_length,
        ).perplexity
        for batch_size, chunk_length in shapes
    ]


def check_equal_to_six_digits(figures: list[float]) -> None:
    assert max(figures) / min(figures) - 1.0 < 5e-7


@pytest.fixture
def tokenizer() -> Tokenizer:
    return tokenizer_of("".join(TEXTS))


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("cell", ["elman", "lstm"])
def test_perplexity_whatever_the_batches_is_the_same(
    cell: str, reset: Reset, tokenizer: Tokenizer
) -> None:
    store = store_of(tokenizer, *TEXTS)

    check_equal_to_six_digits(perplexities(make_model(cell, tokenizer), store, tokenizer, reset))


def test_perplexity_of_the_policies_differs(tokenizer: Tokenizer) -> None:
    model, store = make_model("lstm", tokenizer), store_of(tokenizer, *TEXTS)

    figures = [perplexities(model, store, tokenizer, reset, ((64, 35),))[0] for reset in RESETS]

    assert len({round(figure, 4) for figure in figures}) == 3


def test_six_digit_check_when_chunks_begin_afresh_fails(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, store = make_model("lstm", tokenizer), store_of(tokenizer, *TEXTS)
    read = model.hidden

    def forgetful(
        token_ids: TokenIds, state: State, *, lengths: Lengths | None = None
    ) -> tuple[Hidden, State]:
        return read(token_ids, model.initial_state(state.batch_size), lengths=lengths)

    monkeypatch.setattr(model, "hidden", forgetful)

    with pytest.raises(AssertionError):
        check_equal_to_six_digits(
            perplexities(model, store, tokenizer, "never", ((64, 1), (64, 35)))
        )
