"""Minimal pairs: files, preferences, ties and means."""

import json
from pathlib import Path

import pytest

from fakes import ConstantModel, HashModel, tokenizer_of, uniform_model
from nextword.base import ConfigError, DataError
from nextword.evaluation import MinimalPair, compare_pairs, per_line_scores, read_pairs

WORDS = tokenizer_of("a b c\n")
#: a is more probable than b, and b than c; the line end has 1/8.
MODEL = ConstantModel([0.0, 0.0, 0.0, 0.125, 0.5, 0.25, 0.125], never_ids=(0, 1, 2))

#: The same with unknown words.
WITH_UNKNOWN = ConstantModel([0.0, 0.125, 0.0, 0.125, 0.5, 0.1875, 0.0625], never_ids=(0, 2))


def write(path: Path, *lines: str) -> list[str]:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [str(path)]


def test_read_pairs_of_blimp(tmp_path: Path) -> None:
    values = {
        "UID": "island",
        "linguistics_term": "movement",
        "sentence_good": "a b",
        "sentence_bad": "a c",
    }

    [pair] = read_pairs(write(tmp_path / "pairs.jsonl", json.dumps(values)))

    assert pair == MinimalPair(good="a b", bad="a c", paradigm="island", group="movement")


def test_read_pairs_of_tsv_with_windows_line_ends(tmp_path: Path) -> None:
    files = write(tmp_path / "pairs.tsv", "bad\tgood\tparadigm\r", "a c\ta b\tp\r", "", "b\ta\tq\r")

    assert list(read_pairs(files)) == [
        MinimalPair(good="a b", bad="a c", paradigm="p"),
        MinimalPair(good="a", bad="b", paradigm="q"),
    ]


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        (["a b\ta c"], r"line 1, names no columns good and bad"),
        (["good\tbad", "a"], r"line 2, has 1 fields; the first line has 2"),
        (['{"good": "a"}'], r"line 1, has no sentence 'sentence_bad' or 'bad'"),
        (['{"good": "a", "bad": 3}'], r"line 1, has no sentence"),
        (['{"good": "a", "bad": "b"}', "{"], r"line 2, is not JSON"),
        (["good\tbad"], r"has no pairs"),
        (["good\tbad\tgood", "a\tb\tc"], r"line 1, names the column 'good' twice"),
    ],
)
def test_read_pairs_of_a_faulty_file_is_refused(
    tmp_path: Path, lines: list[str], match: str
) -> None:
    with pytest.raises(DataError, match=match):
        list(read_pairs(write(tmp_path / "pairs", *lines)))


def test_read_pairs_paradigm_may_be_the_number_zero(tmp_path: Path) -> None:
    files = write(tmp_path / "pairs.jsonl", '{"good": "a", "bad": "b", "UID": 0, "group": ""}')

    [pair] = read_pairs(files)

    assert (pair.paradigm, pair.group) == ("0", "all")


def test_read_pairs_that_are_not_utf8_are_refused_with_help_that_can_be_followed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "pairs.txt"
    path.write_bytes("good\tbad\ncafé\tthé\n".encode("latin-1"))

    with pytest.raises(DataError, match="not UTF-8") as caught:
        list(read_pairs([str(path)]))

    assert caught.value.help.startswith("If it is Latin-1, convert it: iconv ")
    assert caught.value.help.endswith("> NEW.")


@pytest.mark.parametrize("method", ["sentence", "prefix"])
def test_compare_pairs_reserved_symbol_is_refused_with_its_place(
    tmp_path: Path, method: str
) -> None:
    lines = ["good\tbad", "a b\ta c", "", "a\ta <s> b"]
    files = write(tmp_path / "pairs.tsv", *lines)

    with pytest.raises(DataError, match=r"pairs.tsv, line 4: the text contains '<s>'"):
        compare_pairs(MODEL, read_pairs(files), tokenizer=WORDS, method=method)


def test_compare_pairs_by_prefix_of_a_backward_model_is_refused() -> None:
    tokenizer = tokenizer_of("a b c\n", direction="backward")

    with pytest.raises(ConfigError, match="reads lines backward"):
        compare_pairs(MODEL, [MinimalPair(good="a", bad="b")], tokenizer=tokenizer, method="prefix")


@pytest.mark.parametrize("method", ["sentence", "prefix"])
def test_compare_pairs_counts_right_wrong_and_ties(method: str) -> None:
    pairs = [
        MinimalPair(good="c a", bad="c b", paradigm="p", group="g"),
        MinimalPair(good="b c", bad="b a", paradigm="p", group="g"),
        MinimalPair(good="zebra", bad="lion", paradigm="q", group="g"),
        MinimalPair(good="a", bad="c", paradigm="q", group="g"),
    ]

    scores = compare_pairs(WITH_UNKNOWN, pairs, tokenizer=WORDS, method=method)

    p, q = scores.paradigms
    assert (p.accuracy, p.num_ties, p.unknown_rate) == (0.5, 0, 0.0)
    assert (q.accuracy, q.num_ties, q.unknown_rate) == (0.5, 1, 0.5)
    assert scores.accuracy == 0.5
    assert scores.accuracy_with_ties == 0.75
    assert scores.num_pairs == 4
    [group] = scores.groups
    assert (group.name, group.num_pairs, group.num_ties) == ("g", 4, 1)


@pytest.mark.parametrize("method", ["sentence", "prefix"])
def test_compare_pairs_of_equal_sentences_is_a_tie(tmp_path: Path, method: str) -> None:
    files = write(tmp_path / "pairs.tsv", "good\tbad", "a b\ta b")

    scores = compare_pairs(WITH_UNKNOWN, read_pairs(files), tokenizer=WORDS, method=method)

    assert (scores.num_ties, scores.accuracy) == (1, 0.0)


def test_compare_pairs_mean_is_that_of_the_paradigms_not_of_the_pairs() -> None:
    pairs = [
        MinimalPair(good="a", bad="b", paradigm="large"),
        MinimalPair(good="a", bad="c", paradigm="large"),
        MinimalPair(good="b", bad="c", paradigm="large"),
        MinimalPair(good="c", bad="a", paradigm="small"),
    ]

    assert compare_pairs(MODEL, pairs, tokenizer=WORDS).accuracy == 0.5


def test_compare_pairs_a_model_that_knows_nothing_is_never_right() -> None:
    pairs = [MinimalPair(good="a b", bad="a c"), MinimalPair(good="a", bad="b")]

    scores = compare_pairs(uniform_model(WORDS.vocab_size), pairs, tokenizer=WORDS)

    assert (scores.accuracy, scores.num_ties, scores.accuracy_with_ties) == (0.0, 2, 1.0)


def test_compare_pairs_by_prefix_ignores_what_follows() -> None:
    # The rest of the good sentence is so improbable that the whole sentence loses.
    pairs = [MinimalPair(good="c a c c c", bad="c b")]

    by_prefix = compare_pairs(MODEL, pairs, tokenizer=WORDS, method="prefix")

    assert by_prefix.accuracy == 1.0
    assert compare_pairs(MODEL, pairs, tokenizer=WORDS).accuracy == 0.0


def test_compare_pairs_by_prefix_takes_the_end_where_a_sentence_has_no_more_words() -> None:
    pairs = [MinimalPair(good="c b", bad="c")]

    assert compare_pairs(MODEL, pairs, tokenizer=WORDS, method="prefix").accuracy == 1.0


def test_compare_pairs_of_a_hash_model_agrees_with_its_scores() -> None:
    model = HashModel(WORDS.vocab_size)
    good, bad = ["a b c", "c c", "b"], ["a c b", "c a", "a"]
    pairs = [MinimalPair(good=g, bad=b) for g, b in zip(good, bad, strict=True)]

    scores = compare_pairs(model, pairs, tokenizer=WORDS)

    log_probs = [each.log_prob for each in per_line_scores(model, good + bad, tokenizer=WORDS)]
    right = sum(g > b for g, b in zip(log_probs[:3], log_probs[3:], strict=True))
    assert scores.accuracy == right / 3


def test_compare_pairs_unknown_method_is_refused() -> None:
    with pytest.raises(ConfigError, match="the method is 'words'"):
        compare_pairs(MODEL, [MinimalPair(good="a", bad="b")], tokenizer=WORDS, method="words")


def test_compare_no_pairs_is_refused() -> None:
    with pytest.raises(DataError, match="there are no pairs"):
        compare_pairs(MODEL, [], tokenizer=WORDS)
