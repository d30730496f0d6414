"""The perplexity card from the command line."""

import json
import math
from pathlib import Path

import pytest

from cli.caller import Call

CARD_KEYS = [
    *("model", "family", "adaptation", "text", "tokenizer", "num_parameters", "num_tokens"),
    *("num_words", "num_characters", "num_bytes", "num_characters_lost", "nll_sum"),
    *("perplexity", "perplexity_per_word"),
    *("bits_per_token", "bits_per_character", "bits_per_byte", "unknown_rate"),
    *("perplexity_without_unknown", "reset", "stride", "seconds", "tokens_per_second"),
    *("note", "adaptation_settings"),
]


def test_evaluate_json_has_its_keys(cli: Call, word_run: Path, corpus: Path) -> None:
    value = json.loads(cli("evaluate", word_run, "--text", corpus, "--json").out)

    assert list(value) == ["schema", "results"]
    assert [list(card) for card in value["results"]] == [CARD_KEYS]
    assert value["results"][0]["model"] == str(word_run)


def test_evaluate_one_model_prints_its_card(cli: Call, word_run: Path, corpus: Path) -> None:
    finished = cli("evaluate", word_run, "--text", corpus)

    # The text contains the training text, and the card says so first.
    assert [line.split()[0] for line in finished.out.splitlines()[:2]] == ["WARNING", "model"]
    assert "perplexity per token" in finished.out


def test_evaluate_several_models_print_a_row_each(
    cli: Call, word_run: Path, byte_run: Path, corpus: Path
) -> None:
    lines = cli("evaluate", word_run, byte_run, "--text", corpus).out.splitlines()

    assert [line.split()[0] for line in lines[:3]] == ["model", str(word_run), str(byte_run)]
    assert all(line.startswith("WARNING") for line in lines[3:])


def test_evaluate_standard_input_serves_every_model(
    cli: Call, word_run: Path, byte_run: Path, corpus: Path
) -> None:
    text = corpus.read_bytes()

    finished = cli("evaluate", word_run, byte_run, "--text", "-", "--json", stdin=text)

    sizes = [card["num_bytes"] for card in json.loads(finished.out)["results"]]
    assert sizes == [len(text), len(text)]


@pytest.mark.parametrize("option", [("--batch-size", 1), ("--chunk-length", 3)])
def test_evaluate_layout_leaves_the_figures(
    cli: Call, word_run: Path, corpus: Path, option: tuple[str, int]
) -> None:
    command = ("evaluate", word_run, "--text", corpus, "--reset", "line", "--json")

    usual, other = (json.loads(cli(*command, *more).out) for more in ((), option))

    expected = usual["results"][0]["nll_sum"]
    assert other["results"][0]["nll_sum"] == pytest.approx(expected, rel=1e-5)


def test_evaluate_reset_is_what_was_asked_for(cli: Call, word_run: Path, corpus: Path) -> None:
    command = ("evaluate", word_run, "--text", corpus, "--json")

    resets = [
        json.loads(cli(*command, *more).out)["results"][0]["reset"]
        for more in ((), ("--reset", "document"))
    ]

    assert resets == ["never", "document"]


def test_evaluate_per_line_sums_to_the_card(cli: Call, word_run: Path, corpus: Path) -> None:
    finished = cli(
        "evaluate", word_run, "--text", corpus, "--per-line", "--reset", "line", "--json"
    )

    value = json.loads(finished.out)
    assert [row["line"] for row in value["lines"]] == list(range(1, 121))
    total = math.fsum(row["log_prob"] for row in value["lines"])
    assert total == pytest.approx(-value["results"][0]["nll_sum"], rel=1e-6)


def test_evaluate_per_line_prints_a_row_a_line_before_the_card(
    cli: Call, word_run: Path, corpus: Path
) -> None:
    rows, _, card = cli("evaluate", word_run, "--text", corpus, "--per-line").out.partition("\n\n")

    lines = rows.splitlines()
    assert lines[0].split("\t") == ["line", "log_prob", "tokens", "unknown", "perplexity", "model"]
    assert [line.split("\t")[0] for line in lines[1:]] == [str(n) for n in range(1, 121)]
    assert card.splitlines()[1].startswith("model ")


def test_evaluate_other_vocabularies_leave_out_what_is_per_token(
    cli: Call, word_run: Path, byte_run: Path, corpus: Path
) -> None:
    finished = cli("evaluate", word_run, byte_run, "--text", corpus, "--quiet")

    header = finished.out.splitlines()[0]
    assert "perplexity" not in header
    assert "per word" in header
    assert (
        finished.err
        == "Perplexity per token is not comparable and left out: the vocabularies differ.\n"
    )


def test_evaluate_same_vocabulary_compares_per_token(
    cli: Call, ngram_run: Path, arpa: Path, corpus: Path
) -> None:
    finished = cli("evaluate", ngram_run, arpa, "--text", corpus, "--quiet")

    header, *rows = finished.out.splitlines()[:3]
    assert "perplexity" in header
    assert [row.split()[5] for row in rows] == [rows[0].split()[5]] * 2
    assert finished.err == ""


def test_evaluate_unknown_words_under_other_vocabularies_are_not_compared(
    cli: Call, word_run: Path, byte_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "unknown.txt").write_text("w1 zzz\n")

    finished = cli("evaluate", word_run, byte_run, "--text", tmp_path / "unknown.txt", "--quiet")

    assert finished.out.count("perplexity per token") == 2
    assert finished.err.startswith("These models cannot be compared: the vocabularies differ and")
    assert str(word_run) in finished.err


def test_evaluate_incomparable_models_are_all_in_json(
    cli: Call, word_run: Path, byte_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "unknown.txt").write_text("w1 zzz\n")

    finished = cli("evaluate", word_run, byte_run, "--text", tmp_path / "unknown.txt", "--json")

    assert [list(card) for card in json.loads(finished.out)["results"]] == [CARD_KEYS] * 2


def test_evaluate_precision_adds_a_row_and_prints_the_change(
    cli: Call, word_run: Path, corpus: Path
) -> None:
    _require_generator()

    finished = cli("evaluate", word_run, "--text", corpus, "--precision", "int8")
    value = json.loads(
        cli("evaluate", word_run, "--text", corpus, "--precision", "int8", "--json").out
    )

    first, second = value["results"]
    assert (first["model"], second["model"]) == (str(word_run), f"{word_run} (int8)")
    assert first["perplexity"] != second["perplexity"]
    assert second["perplexity"] == pytest.approx(first["perplexity"], rel=0.01)
    change = second["perplexity"] / first["perplexity"] - 1
    assert f"{word_run} (int8) changes the perplexity by {change:+.3%}." in finished.err


def test_evaluate_per_line_has_rows_of_the_packed_model(
    cli: Call, word_run: Path, corpus: Path
) -> None:
    _require_generator()

    finished = cli(
        "evaluate", word_run, "--text", corpus, "--reset", "line", "--per-line", "--json",
        "--precision", "int8",
    )  # fmt: skip

    value = json.loads(finished.out)
    for card in value["results"]:
        rows = [row for row in value["lines"] if row["model"] == card["model"]]
        assert -sum(row["log_prob"] for row in rows) == pytest.approx(card["nll_sum"], rel=1e-5)


@pytest.mark.parametrize("option", ["--cache", "--dynamic"])
def test_evaluate_per_line_with_adaptation_is_refused(
    cli: Call, word_run: Path, corpus: Path, option: str
) -> None:
    finished = cli("evaluate", word_run, "--text", corpus, "--per-line", option)

    assert finished.code == 2
    assert f"--per-line is given with {option}" in finished.err


def test_evaluate_default_precision_is_accepted_for_every_family(
    cli: Call, ngram_run: Path, corpus: Path
) -> None:
    finished = cli("evaluate", ngram_run, "--text", corpus, "--precision", "float32", "--json")

    first, second = json.loads(finished.out)["results"]
    assert first["perplexity"] == second["perplexity"]


def test_evaluate_precision_of_a_model_without_layers_is_refused(
    cli: Call, ngram_run: Path, corpus: Path
) -> None:
    _require_generator()

    finished = cli("evaluate", ngram_run, "--text", corpus, "--precision", "int8")

    assert finished.code == 2
    assert "cannot be packed in int8: the kernels run the family 'recurrent'" in finished.err
    assert str(ngram_run) in finished.err
    finished = cli("generate", ngram_run, "--precision", "int7")
    assert finished.code == 2
    assert "'int7' is unknown" in finished.err


def _require_generator() -> None:
    from nextword.tensors import kernels_are_installed, load_kernels

    if not kernels_are_installed() or not hasattr(load_kernels(), "RecurrentNetwork"):
        pytest.skip("the compiled generator is not installed")
