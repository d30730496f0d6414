"""`nextword pairs` and `nextword surprisal`."""

import json
from pathlib import Path

import pytest

from cli.caller import Call


@pytest.fixture
def pairs_file(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text("good\tbad\tgroup\nw1 w2\tw2 zebra\tg\nw3\tw4\th\n", encoding="utf-8")
    return path


def test_pairs_prints_a_row_for_each_group(cli: Call, word_run: Path, pairs_file: Path) -> None:
    finished = cli("pairs", word_run, pairs_file)

    head, *rows = finished.out.splitlines()
    assert head.split() == ["group", "accuracy", "pairs", "ties", "unknown"]
    assert [row.split()[0] for row in rows] == ["g", "h", "mean"]


def test_pairs_json_has_every_paradigm(cli: Call, ngram_run: Path, pairs_file: Path) -> None:
    finished = cli("pairs", ngram_run, pairs_file, "--json", "--method", "prefix")

    values = json.loads(finished.out)
    assert values["schema"] == 1
    assert values["num_pairs"] == 2
    assert {"name", "group", "num_pairs", "accuracy", "num_ties", "unknown_rate"} == set(
        values["paradigms"][0]
    )


def test_pairs_ties_are_said(cli: Call, word_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "ties.tsv"
    path.write_text("good\tbad\nzebra\tlion\n", encoding="utf-8")

    finished = cli("pairs", word_run, path)

    assert "of 1 pairs are equally probable" in finished.err
    assert "the mean would be 100.0 %" in finished.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "has no pairs"),
        ("\n\n", "has no pairs"),
        ("good\tbad\n", "has no pairs"),
        ("good\tbad\na\n", "line 2"),
        ("one\ttwo\na\tb\n", "line 1"),
        ('{"sentence_good": "a"', "line 1"),
        ('["a", "b"]\n', "line 1"),
        ('{"sentence_good": "a"}\n', "line 1"),
        ('{"sentence_good": "a", "sentence_bad": null}\n', "line 1"),
        ('{"sentence_good": "a", "sentence_bad": 3}\n', "line 1"),
        ('{"sentence_good": "a", "sentence_bad": ""}\n', "line 1"),
    ],
)
def test_pairs_bad_file_is_refused_with_its_place(
    cli: Call, word_run: Path, tmp_path: Path, content: str, words: str
) -> None:
    pairs = tmp_path / "pairs.txt"
    pairs.write_text(content)

    finished = cli("pairs", word_run, pairs)

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"error: {pairs}")
    assert words in finished.err
    assert "help: " in finished.err


def test_surprisal_words_sum_to_the_score(cli: Call, byte_run: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("w1 w2\nzebra\n", encoding="utf-8")

    lines = [
        json.loads(line)
        for line in cli("surprisal", byte_run, text, "--json").out.split("\n")
        if line
    ]

    scores = [
        json.loads(line) for line in cli("score", byte_run, text, "--json").out.split("\n") if line
    ]
    for line, score in zip(lines, scores, strict=True):
        assert sum(token["surprisal"] for token in line["tokens"]) == pytest.approx(
            -score["log_prob"], rel=1e-9
        )


def test_surprisal_prints_a_table_with_offsets(cli: Call, word_run: Path) -> None:
    finished = cli("surprisal", word_run, stdin=b"w1  zebra\n")

    rows = [line.split("\t") for line in finished.out.splitlines()]
    assert rows[0] == ["line", "start", "end", "word", "surprisal", "unknown"]
    assert [row[:4] + row[5:] for row in rows[1:]] == [
        ["1", "0", "2", "w1", "0"],
        ["1", "4", "9", "zebra", "1"],
    ]
    assert "1 of 2 words are unknown" in finished.err


@pytest.mark.parametrize("content", [None, b"w1 \xff\n", b"w1 </s> w2\n"])
def test_surprisal_of_a_file_that_cannot_be_read_prints_no_table(
    cli: Call, word_run: Path, tmp_path: Path, content: bytes | None
) -> None:
    text = tmp_path / "text.txt"
    if content is not None:
        text.write_bytes(content)

    finished = cli("surprisal", word_run, text)

    assert (finished.code, finished.out) == (2, "")
    assert "error: " in finished.err


def test_surprisal_of_tokens_in_bits(cli: Call, word_run: Path) -> None:
    nats = cli("surprisal", word_run, "--level", "token", stdin=b"w1\n").out.splitlines()
    bits = cli("surprisal", word_run, "--level", "token", "--bits", stdin=b"w1\n").out.splitlines()

    assert nats[0].split("\t")[5:] == ["entropy", "rank", "unknown"]
    assert len(nats) == 3
    ratio = float(bits[1].split("\t")[4]) / float(nats[1].split("\t")[4])
    assert ratio == pytest.approx(1.4427, rel=1e-3)


@pytest.mark.parametrize("option", ["--level", "--context"])
def test_surprisal_of_an_unknown_choice_is_refused(cli: Call, word_run: Path, option: str) -> None:
    finished = cli("surprisal", word_run, option, "sentence", stdin=b"w1\n")

    assert finished.code == 2
    assert f"{option} is 'sentence'" in finished.err


def test_score_rank_prints_the_most_probable_lines_first(cli: Call, word_run: Path) -> None:
    stdin = b"w1 w2 w3 w4\nw1\nw1 w2\n"
    plain = cli("score", word_run, stdin=stdin).out.splitlines()

    ranked = cli("score", word_run, "--rank", stdin=stdin).out.splitlines()

    assert ranked == sorted(plain, key=lambda line: -float(line.split("\t")[0]))
