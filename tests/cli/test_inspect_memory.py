"""`nextword inspect memory`: the table, the files, and what is refused."""

import json
from pathlib import Path

import pytest

from cli.caller import Call

FAST = ("--positions", "10", "--max-distance", "12", "--quiet")


def test_memory_compares_models_and_writes_a_report(
    cli: Call, word_run: Path, ngram_run: Path, corpus: Path, tmp_path: Path
) -> None:
    items = tmp_path / "items.tsv"
    items.write_text("w1 w2\tw3\nw4 w5\tw4\n", encoding="utf-8")
    out = tmp_path / "out"

    result = cli(
        *("inspect", "memory", word_run, ngram_run, "--text", corpus, *FAST),
        *("--recall", items, "--out", out),
    )

    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert lines[0].split()[:3] == ["model", "family", "half-life"]
    assert [line.split()[1] for line in lines[1:3]] == ["recurrent", "ngram"]
    assert {path.name for path in out.iterdir()} == {
        *("memory.json", "report.html", "memory-influence.png"),
        *("memory-context.png", "memory-recall.png"),
    }


def test_memory_json_of_trigrams_is_zero_from_distance_3_on(
    cli: Call, ngram_run: Path, corpus: Path
) -> None:
    result = cli("inspect", "memory", ngram_run, "--text", corpus, "--json", *FAST)

    [found] = json.loads(result.out)["models"]
    assert found["influence"]["distances"][:3] == [1, 2, 3]
    assert set(found["influence"]["means"][2:]) == {0.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--max-distance", "0"), "--max-distance is 0"),
        (("--positions", "0"), "--positions is 0"),
        (("--max-distance", "100000"), "but looking back 100000 tokens needs"),
        (("--recall", "missing.tsv"), "missing.tsv"),
    ],
)
def test_memory_refuses_wrong_options(
    cli: Call, ngram_run: Path, corpus: Path, options: tuple[str, str], message: str
) -> None:
    result = cli("inspect", "memory", ngram_run, "--text", corpus, *FAST, *options)

    assert result.code == 2
    assert message in result.err


def test_memory_of_words_and_bytes_is_refused(
    cli: Call, word_run: Path, byte_run: Path, corpus: Path
) -> None:
    result = cli("inspect", "memory", word_run, byte_run, "--text", corpus, *FAST)

    assert result.code == 2
    assert "cannot be compared" in result.err
