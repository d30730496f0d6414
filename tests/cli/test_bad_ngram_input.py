"""N-grams at the edge of what can be counted, and ARPA files that are none."""

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest

from cli.caller import Call
from cli.test_bad_input import refused

NGRAM = ("--recipe", "ngram-5", "--split", "1,0,0", "--quiet")


def train(cli: Call, folder: Path, text: str, *settings: str) -> tuple[Path, Any]:
    (folder / "text.txt").write_text(text)
    options = [word for setting in settings for word in ("--set", setting)]
    run = folder / "run"
    return run, cli("train", folder / "text.txt", "--out", run, *NGRAM, *options)


def card(cli: Call, run: Path, folder: Path, text: str) -> dict[str, Any]:
    (folder / "other.txt").write_text(text)
    finished = cli("evaluate", run, "--text", folder / "other.txt", "--json", "--quiet")
    assert finished.code == 0, finished.err
    found: dict[str, Any] = json.loads(finished.out)["results"][0]
    return found


@pytest.mark.parametrize(
    ("order", "text", "words"),
    [
        (0, "a b\n", "model.order is 0; it must be at least 1"),
        (-1, "a b\n", "model.order is -1"),
        (5, "a b\n", "model.order is 5, but the longest sentence of the text has 4 tokens"),
        (4, "\n\n\n", "holds no words, only white space and line ends"),
        (1000, "a b\n" * 9, "help: Set model.order=4 or less"),
    ],
)
def test_train_order_that_the_text_cannot_have_is_refused(
    cli: Call, tmp_path: Path, order: int, text: str, words: str
) -> None:
    run, finished = train(cli, tmp_path, text, f"model.order={order}", "tokenizer.min_count=1")

    assert words in refused(finished)
    assert not (run / "model").exists()


@pytest.mark.parametrize("smoothing", ["kneser_ney", "add_k", "maximum_likelihood"])
@pytest.mark.parametrize("text", ["a\n", "a", "a a a a\n"])
@pytest.mark.parametrize("order", [1, 2])
def test_train_smallest_texts_give_a_model_of_their_own_text(
    cli: Call, tmp_path: Path, text: str, smoothing: str, order: int
) -> None:
    run, finished = train(
        *(cli, tmp_path, text, f"model.order={order}", f"model.smoothing={smoothing}"),
        "tokenizer.min_count=1",
    )

    assert finished.code == 0, finished.err
    figures = card(cli, run, tmp_path, text)
    assert 1.0 <= figures["perplexity"] < 5.0
    assert figures["unknown_rate"] == 0.0


def test_train_one_token_text_is_refused(cli: Call, tmp_path: Path) -> None:
    _, finished = train(cli, tmp_path, "\n", "model.order=1")

    assert "too few tokens: 1" in refused(finished)


def test_train_only_unknown_characters_is_refused(cli: Call, tmp_path: Path) -> None:
    _, finished = train(
        *(cli, tmp_path, "abc", "model.order=1", "model.unknown=kenlm"),
        *("tokenizer.kind=character", "tokenizer.min_count=2"),
    )

    assert "3 of the 3 characters" in refused(finished)


def test_evaluate_text_of_unknown_words_scores_the_unknown_word(cli: Call, tmp_path: Path) -> None:
    text = "a b\n" * 8 + "a rare\n"
    run, _ = train(cli, tmp_path, text, "model.order=2")

    figures = card(cli, run, tmp_path, "x y z\nz\n")

    assert figures["unknown_rate"] == pytest.approx(4 / 6)
    assert math.isfinite(figures["perplexity"])
    assert figures["bits_per_character"] is None
    assert figures["perplexity_without_unknown"] > 1.0


def test_evaluate_only_unknown_characters_have_no_figure_without_them(
    cli: Call, tmp_path: Path
) -> None:
    run, _ = train(cli, tmp_path, "abab", "model.order=2", "tokenizer.kind=character")

    figures = card(cli, run, tmp_path, "xy")

    assert figures["unknown_rate"] == 1.0
    assert figures["perplexity_without_unknown"] is None


def test_evaluate_empty_lines_are_sentence_ends(cli: Call, tmp_path: Path) -> None:
    run, _ = train(cli, tmp_path, "a b\n\n" * 8, "model.order=2")

    figures = card(cli, run, tmp_path, "\n\n\n")

    assert (figures["num_tokens"], figures["num_words"]) == (3, 3)
    # Half of the sentences are empty, but for what the discounts take.
    assert figures["perplexity"] == pytest.approx(2.0, rel=0.1)


def test_evaluate_file_without_a_byte_is_refused(
    cli: Call, ngram_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.txt").touch()

    finished = cli("evaluate", ngram_run, "--text", tmp_path / "empty.txt")

    assert "has no tokens" in refused(finished)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text.arpa", b"only words\n", "text.arpa, line 1: the file has no line \\data\\"),
        ("empty.arpa", b"", "empty.arpa, line 0: the file has no line \\data\\"),
        ("text.arpa.gz", b"only words\n", "text.arpa.gz, line 1: the file has no line"),
        ("cut.arpa.gz", gzip.compress(b"\\data\\\n" * 9)[:-9], "cut.arpa.gz, line "),
        ("binary.arpa", b"mmap lm http://kheafield.com/code format version 5\n\0", "lmplz --arpa"),
        ("text.txt", b"only words\n", "or name a model folder"),
    ],
    # Ids of their own: compressed bytes hold the time, and would differ between test processes.
    ids=["words", "empty", "not-compressed", "cut", "binary", "text"],
)
@pytest.mark.parametrize("command", [("info",), ("next", "w1"), ("export", "--to", "arpa")])
def test_file_that_is_no_model_is_refused(
    cli: Call, tmp_path: Path, name: str, content: bytes, words: str, command: tuple[str, ...]
) -> None:
    (tmp_path / name).write_bytes(content)
    verb, *rest = command
    out = ["--out", tmp_path / "out"] if verb == "export" else []

    assert words in refused(cli(verb, tmp_path / name, *rest, *out))
    assert not (tmp_path / "out").exists()


def test_missing_arpa_file_is_called_a_file(cli: Call, tmp_path: Path) -> None:
    assert "there is no file" in refused(cli("info", tmp_path / "missing.arpa"))
