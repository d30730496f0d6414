"""`nextword bench-keyboard` and `nextword next --complete`, end to end."""

import json
from pathlib import Path

from cli.caller import Call


def test_bench_keyboard_json_has_a_row_for_each_model_and_cache(
    cli: Call, word_run: Path, byte_run: Path, corpus: Path, tmp_path: Path
) -> None:
    text = tmp_path / "phrases.txt"
    text.write_text("\n".join(corpus.read_text().split("\n")[:3]) + "\nw1 w2 zebra\n")

    finished = cli(
        "bench-keyboard", word_run, byte_run, "--text", text, "--cache", "--quiet", "--json"
    )

    value = json.loads(finished.out)
    assert list(value) == ["schema", "text", "form", "results"]
    assert [(row["model"], row["adaptation"]) for row in value["results"]] == [
        (str(run), adaptation) for run in (word_run, byte_run) for adaptation in (None, "cache")
    ]
    for row in value["results"]:
        savings = row["keystroke_savings"]
        assert savings["1"] <= savings["3"] <= savings["5"] <= row["ceiling_word_list"]
        assert row["model_bytes"] > 0


def test_bench_keyboard_prints_a_table(cli: Call, ngram_run: Path, corpus: Path) -> None:
    out = cli("bench-keyboard", ngram_run, "--text", corpus, "--quiet").out

    assert "typed: unchanged, with upper case and punctuation" in out
    assert out.splitlines()[-1].startswith(str(ngram_run))


def test_bench_keyboard_bad_values_are_refused(cli: Call, ngram_run: Path, corpus: Path) -> None:
    for option, value, named in (
        ("--form", "upper", "the form of the text is 'upper'"),
        ("--cache-weight", 1, "weight is 1"),
        ("--max-evaluations", 0, "max_evaluations is 0"),
    ):
        finished = cli("bench-keyboard", ngram_run, "--text", corpus, "--cache", option, value)
        assert finished.code == 2
        assert named in finished.err


def test_bench_keyboard_empty_text_is_refused(cli: Call, ngram_run: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("\n \n")

    finished = cli("bench-keyboard", ngram_run, "--text", empty)

    assert finished.code == 2
    assert "no word to type" in finished.err


def test_next_complete_says_that_no_word_begins_so(cli: Call, ngram_run: Path) -> None:
    finished = cli("next", ngram_run, "nowhere w1 W1", "--complete")

    assert finished.code == 0
    assert finished.out == ""
    assert "not in the vocabulary, and read as <unk>: 'nowhere'" in finished.err
    assert "no word of the vocabulary begins with 'W1'; words begin with 'w1'" in finished.err


def test_next_complete_of_bytes_that_no_word_has_says_so(cli: Call, byte_run: Path) -> None:
    finished = cli("next", byte_run, "w1 \xa0\xe9", "--complete", "-k", 1)

    assert finished.code == 0
    assert "internal" not in finished.err
