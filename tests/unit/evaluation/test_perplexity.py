import itertools
import math

import numpy as np
import pytest
import torch

from fakes import (
    ConstantModel,
    ForgetsBetweenCalls,
    HashModel,
    IgnoresLengths,
    LeakyRows,
    random_text,
    store_of,
    tokenizer_of,
    uniform_model,
)
from nextword.base import ConfigError, DataError, MismatchError
from nextword.evaluation import (
    Sums,
    describe_tokenizer,
    evaluate,
    evaluate_store,
    resolve_reset,
    unit_scores,
)
from nextword.models import LanguageModel
from nextword.tokens import Reset, TextCounts, Tokenizer, TokenStore

RESETS: list[Reset] = ["never", "document", "line"]
DOCUMENTS = [random_text(23, seed=seed, longest=longest) for seed, longest in enumerate([9, 2, 40])]
WORDS = tokenizer_of("".join(DOCUMENTS))
STORE = store_of(WORDS, *DOCUMENTS)


def is_invariant(model: LanguageModel, reset: Reset) -> bool:
    """Whether the sum is that of one row read in one piece, for every batch size and chunk."""

    def nll_sum(batch_size: int, chunk_length: int) -> float:
        return evaluate_store(
            model,
            STORE,
            tokenizer=WORDS,
            reset=reset,
            batch_size=batch_size,
            chunk_length=chunk_length,
        ).nll_sum

    expected = nll_sum(1, STORE.num_tokens)
    return all(
        math.isclose(nll_sum(batch_size, chunk_length), expected, rel_tol=1e-9)
        for batch_size, chunk_length in itertools.product([1, 7, 64], [1, 35, 1000])
    )


def unknown_half() -> tuple[ConstantModel, Tokenizer]:
    """A vocabulary of `a` alone; half the probability is that of the unknown word."""
    tokenizer = tokenizer_of("a a\nb\n", min_count=2)
    return ConstantModel([0.0, 0.5, 0.0, 0.25, 0.25]), tokenizer


def sums_of(model: LanguageModel, store: TokenStore, tokenizer: Tokenizer) -> Sums:
    return evaluate_store(model, store, tokenizer=tokenizer, reset="never")


@pytest.mark.parametrize("reset", RESETS)
def test_evaluate_store_any_batch_size_and_chunk_length_gives_the_same_sum(reset: Reset) -> None:
    assert is_invariant(HashModel(WORDS.vocab_size), reset)


@pytest.mark.parametrize(
    ("faulty", "reset"),
    [(LeakyRows, "line"), (IgnoresLengths, "document"), (ForgetsBetweenCalls, "never")],
)
def test_is_invariant_planted_fault_is_found(faulty: type[HashModel], reset: Reset) -> None:
    assert not is_invariant(faulty(WORDS.vocab_size), reset)


def test_evaluate_store_each_reset_gives_its_own_sum() -> None:
    model = HashModel(WORDS.vocab_size)

    sums = {evaluate_store(model, STORE, tokenizer=WORDS, reset=reset).nll_sum for reset in RESETS}

    assert len(sums) == 3


def test_evaluate_store_never_equals_reading_the_text_in_one_piece() -> None:
    model = HashModel(WORDS.vocab_size)
    targets = torch.from_numpy(STORE.ids.astype(np.int64))[None]
    token_ids = torch.cat([torch.tensor([[WORDS.boundary_id]]), targets[:, :-1]], dim=1)

    sums = sums_of(model, STORE, WORDS)

    nll, _ = model.nll(token_ids, targets, model.initial_state(1))
    assert sums.nll_sum == pytest.approx(nll.double().sum().item(), rel=1e-9)
    assert sums.num_tokens == STORE.num_tokens


def test_evaluate_uniform_model_perplexity_is_the_number_of_possible_tokens() -> None:
    model = uniform_model(WORDS.vocab_size, never_ids=WORDS.never_ids)

    card = evaluate(
        model, STORE, tokenizer=WORDS, name="fair", text="made up", reset="line", batch_size=5
    )

    assert card.perplexity == pytest.approx(WORDS.vocab_size - 2, rel=1e-6)
    assert (card.model, card.family, card.text, card.reset) == (
        "fair",
        "constant",
        "made up",
        "line",
    )


def test_evaluate_word_text_perplexity_per_word_equals_per_token() -> None:
    card = evaluate(
        HashModel(WORDS.vocab_size), STORE, tokenizer=WORDS, name="m", text="t", reset="never"
    )

    assert card.perplexity_per_word == pytest.approx(card.perplexity, rel=1e-12)
    assert card.num_words == sum(len(text.split()) + text.count("\n") for text in DOCUMENTS)


def test_evaluate_byte_text_bits_per_byte_equals_bits_per_token() -> None:
    tokenizer = tokenizer_of(kind="byte")
    store = store_of(tokenizer, "Ünï\n")
    model = uniform_model(tokenizer.vocab_size, boundary_id=tokenizer.boundary_id)

    card = evaluate(model, store, tokenizer=tokenizer, name="m", text="t", reset="never")

    assert (card.num_tokens, card.num_characters, card.num_bytes) == (6, 4, 6)
    assert card.bits_per_byte == pytest.approx(math.log2(258), rel=1e-6)
    assert card.bits_per_character == pytest.approx(math.log2(258) * 6 / 4, rel=1e-6)


def test_evaluate_store_unknown_words_are_summed_apart() -> None:
    model, tokenizer = unknown_half()
    store = store_of(tokenizer, "a b\nc a\n")

    sums = sums_of(model, store, tokenizer)

    assert (sums.num_tokens, sums.num_unknown) == (6, 2)
    assert sums.unknown_nll_sum == pytest.approx(2 * math.log(2), rel=1e-6)
    assert sums.known_nll_sum == pytest.approx(4 * math.log(4), rel=1e-6)


def test_evaluate_unknown_words_hide_figures_per_character() -> None:
    model, tokenizer = unknown_half()
    store = store_of(tokenizer, "a b\nc a\n")

    card = evaluate(model, store, tokenizer=tokenizer, name="m", text="t", reset="never")

    assert card.bits_per_character is None
    assert card.bits_per_byte is None
    assert card.unknown_rate == pytest.approx(2 / 6)
    assert card.perplexity_without_unknown == pytest.approx(4, rel=1e-6)


def test_evaluate_literal_unknown_in_closed_text_is_ordinary() -> None:
    text = "a <unk>\n<unk> a\n"
    tokenizer = tokenizer_of(text, closed=True)
    store = store_of(tokenizer, text)

    card = evaluate(
        uniform_model(tokenizer.vocab_size),
        store,
        tokenizer=tokenizer,
        name="m",
        text="t",
        reset="never",
    )

    assert card.unknown_rate == 0.0
    assert card.bits_per_character is not None
    assert card.perplexity_without_unknown == card.perplexity


def test_evaluate_store_impossible_known_word_leaves_the_unknown_sum_finite() -> None:
    _, tokenizer = unknown_half()
    store = store_of(tokenizer, "a b\n")

    sums = sums_of(ConstantModel([0.0, 0.5, 0.0, 0.5, 0.0]), store, tokenizer)

    assert sums.nll_sum == sums.known_nll_sum == math.inf
    assert sums.unknown_nll_sum == pytest.approx(math.log(2), rel=1e-6)


def test_evaluate_store_progress_rises_to_all_targets() -> None:
    told: list[int] = []

    evaluate_store(
        HashModel(WORDS.vocab_size),
        STORE,
        tokenizer=WORDS,
        reset="line",
        chunk_length=10,
        on_progress=told.append,
    )

    assert told == sorted(set(told))
    assert told[-1] == STORE.num_tokens


@pytest.mark.parametrize("reset", RESETS)
def test_unit_scores_any_reset_tile_the_text_and_sum_to_the_whole(reset: Reset) -> None:
    _, tokenizer = unknown_half()
    store = store_of(tokenizer, "a b\n\nc a a\n", "a\n", "b b\n")
    model = HashModel(tokenizer.vocab_size)

    units = list(unit_scores(model, store, tokenizer=tokenizer, reset=reset, batch_size=2))

    whole = evaluate_store(model, store, tokenizer=tokenizer, reset=reset)
    assert [unit.start for unit in units] == [0, *[unit.end for unit in units[:-1]]]
    assert len(units) == {"never": 1, "document": 3, "line": 5}[reset]
    assert sum(unit.num_tokens for unit in units) == store.num_tokens
    assert sum(unit.num_unknown for unit in units) == whole.num_unknown == 4
    assert sum(unit.nll_sum for unit in units) == pytest.approx(whole.nll_sum, rel=1e-12)


def test_unit_scores_each_line_scores_as_a_text_of_its_own() -> None:
    tokenizer = tokenizer_of("a b c d\n")
    lines = ["a\n", "b c d a\n", "\n", "d d\n"]
    model = HashModel(tokenizer.vocab_size)

    units = list(unit_scores(model, store_of(tokenizer, *lines), tokenizer=tokenizer))

    alone = [sums_of(model, store_of(tokenizer, line), tokenizer).nll_sum for line in lines]
    assert [unit.nll_sum for unit in units] == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize(
    ("tokenizer", "start"),
    [
        (tokenizer_of("a b\n"), "word (6, open) "),
        (tokenizer_of("a <unk>\n", closed=True), "word (5, closed) "),
        (tokenizer_of(kind="byte"), "byte (260) "),
    ],
)
def test_describe_tokenizer_each_kind_gives_size_and_identity(
    tokenizer: Tokenizer, start: str
) -> None:
    assert describe_tokenizer(tokenizer) == start + tokenizer.fingerprint[:12]


def test_resolve_reset_unknown_name_is_refused_with_the_nearest() -> None:
    assert [resolve_reset(reset) for reset in RESETS] == RESETS
    with pytest.raises(ConfigError, match=r"reset is 'lines'\. Did you mean 'line'\?"):
        resolve_reset("lines")


def test_evaluate_store_foreign_model_is_refused() -> None:
    with pytest.raises(
        MismatchError, match=r"has 24 tokens and boundary id 3; the model has 9 and 3.*trained with"
    ):
        evaluate_store(HashModel(9), STORE, tokenizer=WORDS, reset="never")


def test_evaluate_store_foreign_text_is_refused() -> None:
    other = tokenizer_of("x " * 3)
    model = HashModel(other.vocab_size)

    with pytest.raises(
        MismatchError,
        match=f"encoded by tokenizer {STORE.fingerprint[:12]}.*{other.fingerprint[:12]}.*again",
    ):
        evaluate_store(model, STORE, tokenizer=other, reset="never")


def test_evaluate_store_empty_text_is_refused() -> None:
    empty = TokenStore(
        ids=np.zeros(0, dtype=np.uint8),
        document_starts=np.zeros(1, dtype=np.int64),
        unknown_positions=np.zeros(0, dtype=np.int64),
        counts=TextCounts(),
        text_sha256="",
        fingerprint=WORDS.fingerprint,
    )

    with pytest.raises(DataError, match=r"the text has no tokens to score.*not empty"):
        evaluate_store(HashModel(WORDS.vocab_size), empty, tokenizer=WORDS, reset="never")
