"""Keystrokes counted by hand, on a model that always predicts the same words."""

import pytest

from fakes import ConstantModel, tokenizer_of
from nextword.base import DataError
from nextword.generation import CacheConfig
from nextword.keyboard import TypingReport, measure_typing

WORDS = tokenizer_of("to tea ten a toad\n")
SHARES = {"to": 0.4, "tea": 0.3, "ten": 0.12, "a": 0.1, "toad": 0.05}


def typed(*lines: str, cache: CacheConfig | None = None) -> TypingReport:
    probabilities = [0.0] * WORDS.vocab_size
    for word, share in SHARES.items():
        probabilities[WORDS.id_of(word)] = share
    model = ConstantModel(probabilities, boundary_id=WORDS.boundary_id)
    return measure_typing(model, WORDS, lines=lines, form="lower", cache=cache)


def test_measure_typing_counts_keystrokes_as_by_hand() -> None:
    report = typed("Tea toad")

    # 1 slot: t, e, accept; t, o, a, accept. 3 slots: accept; t, o, accept. 5 slots: accept both.
    assert report.num_keystrokes == {1: 7, 3: 4, 5: 2}
    assert report.num_characters == 8
    assert report.savings(3) == pytest.approx(0.5)


def test_measure_typing_unknown_word_is_typed_in_full() -> None:
    report = typed("zoo a", "zoo")

    # zoo and its blank, then a; zoo without a blank.
    assert report.num_keystrokes == {1: 4 + 1 + 3, 3: 4 + 1 + 3, 5: 4 + 1 + 3}
    assert report.unknown_rate == pytest.approx(2 / 3)
    assert report.ceiling == pytest.approx(1 - 3 / 8)
    assert report.ceiling_word_list == pytest.approx(1 - (4 + 1 + 3) / 8)


def test_measure_typing_accuracy_is_that_before_the_first_letter() -> None:
    report = typed("to tea toad")

    assert report.top_1 == pytest.approx(1 / 3)
    assert report.top_3 == pytest.approx(2 / 3)


def test_measure_typing_single_blank_between_words_and_empty_lines_do_not_count() -> None:
    assert typed("  to \t tea", "", " ").num_characters == len("to tea")


def test_measure_typing_cache_learns_from_line_to_line() -> None:
    plain = typed("zoo", "zoo")
    cached = typed("zoo", "zoo", cache=CacheConfig(weight=0.5, decay=1.0))

    assert plain.num_keystrokes[1] == 6
    assert cached.num_keystrokes[1] == 3 + 1


def test_measure_typing_without_words_is_refused() -> None:
    with pytest.raises(DataError, match="the text has no word to type"):
        typed("", "  ")


def test_measure_typing_characters_begin_after_a_line_end() -> None:
    letters = tokenizer_of("ab\n", kind="character")
    read = []

    class Recorded(ConstantModel):
        def next_log_probs(self, token_ids, state, lengths=None):  # type: ignore[no-untyped-def]
            read.append(token_ids[0].tolist())
            return super().next_log_probs(token_ids, state, lengths)

    model = Recorded([1.0 / letters.vocab_size] * letters.vocab_size, boundary_id=2)

    measure_typing(model, letters, lines=["ab"])

    assert [2] in read
    assert [letters.id_of("\n")] in read
