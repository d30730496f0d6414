import json
import math
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import ConstantModel, HashModel, LeakyRows, random_text, store_of, tokenizer_of
from nextword.base import ConfigError, DataError, DivergedError
from nextword.evaluation import LineScore, evaluate_store, per_line_scores
from nextword.models import LanguageModel
from strategies import sentences

WORDS = tokenizer_of(random_text(50))
CHUNK_LENGTH = "nextword.evaluation.row_log_probs.default_chunk_length"


def log_probs(model: LanguageModel, lines: list[str], *, batch_size: int = 32) -> list[float]:
    scores = per_line_scores(model, lines, tokenizer=WORDS, batch_size=batch_size)
    return [score.log_prob for score in scores]


@settings(max_examples=30)
@given(text=sentences(20), batch_size=st.integers(1, 4))
def test_per_line_scores_any_batch_size_sum_to_the_text_reset_by_line(
    text: str, batch_size: int
) -> None:
    model = HashModel(WORDS.vocab_size)

    scores = log_probs(model, text.splitlines(), batch_size=batch_size)

    sums = evaluate_store(model, store_of(WORDS, text), tokenizer=WORDS, reset="line")
    assert math.fsum(scores) == pytest.approx(-sums.nll_sum, rel=1e-12)


def test_per_line_scores_line_scores_the_same_in_any_company() -> None:
    model = HashModel(WORDS.vocab_size)
    lines = random_text(40, seed=3).splitlines()

    together = log_probs(model, lines, batch_size=2)

    assert together == [log_probs(model, [line])[0] for line in lines]


def test_per_line_scores_leaking_model_is_found_by_the_same_comparison() -> None:
    model = LeakyRows(WORDS.vocab_size)
    lines = random_text(40, seed=3).splitlines()

    together = log_probs(model, lines, batch_size=2)

    assert together != [log_probs(model, [line])[0] for line in lines]


def test_per_line_scores_newline_at_the_end_changes_nothing() -> None:
    model = HashModel(WORDS.vocab_size)

    assert log_probs(model, ["w1 w2\n", "\n"]) == log_probs(model, ["w1 w2", ""])


def test_per_line_scores_line_end_and_unknown_words_are_counted() -> None:
    tokenizer = tokenizer_of("a a\nb\n", min_count=2)
    model = ConstantModel([0.0, 0.5, 0.0, 0.25, 0.25])

    first, empty = per_line_scores(model, ["a b", ""], tokenizer=tokenizer)

    assert (first.line, first.text, first.num_tokens, first.num_unknown) == (1, "a b", 3, 1)
    assert first.log_prob == pytest.approx(-math.log(32), rel=1e-6)
    assert (empty.line, empty.text, empty.num_tokens, empty.num_unknown) == (2, "", 1, 0)
    assert empty.log_prob == pytest.approx(-math.log(4), rel=1e-6)


def test_per_line_scores_characters_end_in_the_newline() -> None:
    tokenizer = tokenizer_of("ab\n", kind="character")
    model = HashModel(tokenizer.vocab_size, boundary_id=tokenizer.boundary_id)

    (score,) = per_line_scores(model, ["ab"], tokenizer=tokenizer)

    text = store_of(tokenizer, "ab\n")
    sums = evaluate_store(model, text, tokenizer=tokenizer, reset="never")
    assert score.num_tokens == 3
    assert score.log_prob == -sums.nll_sum


def test_per_line_scores_stream_is_read_a_group_at_a_time() -> None:
    taken: list[int] = []

    def endless() -> Iterator[str]:
        while True:
            taken.append(1)
            yield "w1"

    scores = per_line_scores(HashModel(WORDS.vocab_size), endless(), tokenizer=WORDS, batch_size=2)
    next(scores)

    assert len(taken) == 16


@pytest.mark.parametrize("chunk_length", [1, 3, 8])
def test_per_line_scores_lines_longer_than_a_chunk_score_the_same(
    chunk_length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = HashModel(WORDS.vocab_size)
    texts = random_text(40, seed=3).splitlines()
    expected = log_probs(model, texts)

    monkeypatch.setattr(CHUNK_LENGTH, lambda model, num_rows: chunk_length)

    assert log_probs(model, texts) == pytest.approx(expected, rel=1e-12)


class RecordsRows(HashModel):
    """A model that records the number of rows of each call."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__(vocab_size)
        self.num_rows: list[int] = []

    def next_log_probs(self, token_ids, state, lengths=None):  # type: ignore[no-untyped-def]
        self.num_rows.append(len(token_ids))
        return super().next_log_probs(token_ids, state, lengths)


def test_per_line_scores_lines_that_have_ended_are_not_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(CHUNK_LENGTH, lambda model, num_rows: 3)
    model = RecordsRows(WORDS.vocab_size)

    log_probs(model, ["", "w1 w2 w3 w4 w5 w6", "w1 w2", "w1 w2 w3"])

    assert model.num_rows == [4, 2, 1]


def test_per_line_scores_nan_is_refused_with_the_lines() -> None:
    tokenizer = tokenizer_of("a b\n")
    model = ConstantModel([0.25, 0.25, 0.125, 0.125, 0.25, float("nan")])

    with pytest.raises(DivergedError, match=r"NaN for a token of the lines 1 to 2\..*finite"):
        list(per_line_scores(model, ["a", "b"], tokenizer=tokenizer))


def test_line_score_impossible_line_is_null_in_json() -> None:
    score = LineScore(line=1, text="a", log_prob=-math.inf, num_tokens=2, num_unknown=0)

    assert json.loads(json.dumps(score.to_dict(), allow_nan=False)) == {
        "line": 1,
        "text": "a",
        "log_prob": None,
        "num_tokens": 2,
        "num_unknown": 0,
    }


def test_per_line_scores_newline_inside_is_refused() -> None:
    lines = ["w1", "w2\nw3"]

    with pytest.raises(DataError, match=r"line 2 contains a newline\. Split"):
        list(per_line_scores(HashModel(WORDS.vocab_size), lines, tokenizer=WORDS))


def test_per_line_scores_batch_size_zero_is_refused() -> None:
    with pytest.raises(ConfigError, match="batch_size is 0; it must be at least 1"):
        per_line_scores(HashModel(WORDS.vocab_size), [], tokenizer=WORDS, batch_size=0)
