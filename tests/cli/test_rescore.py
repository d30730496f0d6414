"""`nextword rescore`."""

import json
from pathlib import Path

import pytest

from cli.caller import Call


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Two utterances, whose second hypotheses have words of the corpus."""
    path = tmp_path / "nbest.tsv"
    path.write_text("u1\t0.1\tzebra lion\nu1\t0\tw1 w2\nu2\t0\tw3\n", encoding="utf-8")
    (tmp_path / "ref").write_text("u1 w1 w2\nu2 w3\n", encoding="utf-8")
    return path


def test_rescore_prints_the_best_texts(cli: Call, ngram_run: Path, lists: Path) -> None:
    finished = cli("rescore", ngram_run, lists, "--weight", "1", "--ref", lists.parent / "ref")

    assert finished.code == 0
    assert finished.out.splitlines()[0].startswith("u1 ")
    assert finished.out.splitlines()[1] == "u2 w3"
    assert "tokens computed" in finished.err
    assert "word error before" in finished.err


def test_rescore_json_has_the_report(cli: Call, ngram_run: Path, lists: Path) -> None:
    finished = cli(
        *("rescore", ngram_run, lists, "--dev", lists, "--dev-ref", lists.parent / "ref"),
        *("--ref", lists.parent / "ref", "--json"),
    )

    values = json.loads(finished.out)
    assert values["schema"] == 1
    assert values["is_tuned"] is True
    assert values["is_tuned_on_itself"] is True
    assert "WARNING: the weights were tuned on these lists themselves" in finished.err
    assert values["num_hypotheses"] == 3
    assert values["oracle"] == 0.0
    assert set(values["weights"]) == {"scores", "weight", "penalty", "low_order_weight"}


def test_rescore_writes_the_format_it_read(
    cli: Call, ngram_run: Path, lists: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new.tsv"

    finished = cli("rescore", ngram_run, lists, "--weight", "0", "--out", out)

    assert "weight            0 (given)" in finished.out
    assert out.read_text("utf-8").splitlines()[0] == "u1\t0.100000\tzebra lion"


def test_rescore_without_gain_warns(cli: Call, ngram_run: Path, lists: Path) -> None:
    finished = cli("rescore", ngram_run, lists, "--weight", "0", "--ref", lists.parent / "ref")

    assert "WARNING: the language model gives no gain" in finished.err


def test_rescore_without_weight_is_refused(cli: Call, ngram_run: Path, lists: Path) -> None:
    finished = cli("rescore", ngram_run, lists)

    assert finished.code == 2
    assert "error: there is neither a weight" in finished.err
    assert "help: " in finished.err


def test_rescore_without_scores_says_so(cli: Call, ngram_run: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("u-1 w1\nu-2 w2\n", encoding="utf-8")

    finished = cli("rescore", ngram_run, tmp_path / "text", "--weight", "1")

    assert "note: the lists have no scores" in finished.err


def test_rescore_damaged_file_is_refused(cli: Call, ngram_run: Path, tmp_path: Path) -> None:
    (tmp_path / "n.tsv").write_text("u\t1\ta\nu\t?\tb\n", encoding="utf-8")

    finished = cli("rescore", ngram_run, tmp_path / "n.tsv", "--weight", "1")

    assert finished.code == 2
    assert "line 2: '?' is not a finite number" in finished.err
