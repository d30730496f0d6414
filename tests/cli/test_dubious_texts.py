"""Texts that would give a flattering perplexity are refused or marked."""

import json
from pathlib import Path

import pytest

from cli.caller import Call

NGRAMS = ("--recipe", "ngram-5", "--set", "model.order=2", "--quiet")


@pytest.fixture
def marked(corpus: Path, tmp_path: Path) -> Path:
    """The text with `<s>` and `</s>` at the edges of its lines."""
    path = tmp_path / "marked.txt"
    lines = corpus.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"<s> {line} </s>\n" for line in lines), encoding="utf-8")
    return path


def test_train_on_reserved_symbols_is_refused_with_file_and_line(
    cli: Call, marked: Path, tmp_path: Path
) -> None:
    marked.write_text("the cat\nthe cat\n" + marked.read_text(), encoding="utf-8")

    finished = cli("train", marked, "--out", tmp_path / "run", *NGRAMS)

    assert finished.code == 2
    assert f"error: {marked} (characters 0 to" in finished.err
    assert "line 3: the text contains '<s>'" in finished.err
    assert "--set tokenizer.markers=strip" in finished.err
    assert not (tmp_path / "run").exists()


def test_train_with_markers_stripped_equals_the_text_without(
    cli: Call, corpus: Path, marked: Path, tmp_path: Path
) -> None:
    strip = ("--set", "tokenizer.markers=strip")
    figures = [
        json.loads(cli("train", corpus, "--valid", corpus, "--out", out, *NGRAMS, "--json").out)
        if not more
        else json.loads(
            cli("train", marked, "--valid", marked, "--out", out, *NGRAMS, "--json", *more).out
        )
        for out, more in ((tmp_path / "plain", ()), (tmp_path / "strip", strip))
    ]

    plain, stripped = (each["validation"] for each in figures)
    for key in ("num_tokens", "num_words", "num_characters", "num_bytes", "nll_sum"):
        assert plain[key] == stripped[key]
    finished = cli("evaluate", tmp_path / "strip", "--text", marked, "--json")
    assert json.loads(finished.out)["results"][0]["nll_sum"] == plain["nll_sum"]


@pytest.mark.parametrize(
    "command",
    [
        ("evaluate", "{run}", "--text", "{text}"),
        ("score", "{run}", "{text}"),
        ("next", "{run}", "<s>"),
        ("next", "{run}", "the\n<s> w", "--complete"),
        ("generate", "{run}", "--prompt", "the </s>"),
    ],
)
def test_use_on_reserved_symbols_is_refused_with_their_line(
    cli: Call, word_run: Path, marked: Path, command: tuple[str, ...]
) -> None:
    finished = cli(*(part.format(run=word_run, text=marked) for part in command))

    assert finished.code == 2
    assert "the text contains '<" in finished.err
    assert "line " in finished.err


def test_evaluate_an_unknown_text_marks_the_card(cli: Call, word_run: Path, tmp_path: Path) -> None:
    text = tmp_path / "other.txt"
    text.write_text("你好世界\n今天天气很好\n", encoding="utf-8")

    shown = cli("evaluate", word_run, "--text", text)
    as_json = json.loads(cli("evaluate", word_run, "--text", text, "--json").out)

    assert shown.out.startswith("WARNING  ")
    assert "100 % of the words (line ends excluded) are unknown to this model" in shown.out
    assert "100 % of the words (line ends excluded) are unknown to this model" in shown.err
    assert "100 % of the words (line ends excluded) are unknown" in as_json["results"][0]["note"]


def test_evaluate_a_text_with_symbols_on_most_lines_warns(
    cli: Call, byte_run: Path, tmp_path: Path
) -> None:
    text = tmp_path / "symbols.txt"
    text.write_text("<bos> the cat <eos>\n<bos> the dog <eos>\n", encoding="utf-8")

    finished = cli("evaluate", byte_run, "--text", text)

    assert finished.code == 0
    assert "most lines of" in finished.err
    assert "'<bos>'" in finished.err
    assert "'<eos>'" in finished.err


def test_train_on_a_text_without_blanks_is_refused(cli: Call, tmp_path: Path) -> None:
    text = tmp_path / "chinese.txt"
    text.write_text(
        "".join(f"今天{chr(0x4E00 + n)}天气很好\n" for n in range(60)), encoding="utf-8"
    )

    finished = cli("train", text, "--out", tmp_path / "run", *NGRAMS)

    assert finished.code == 2
    assert "are unknown to the vocabulary of 0 words" in finished.err
    assert "--set tokenizer.kind=character" in finished.err
