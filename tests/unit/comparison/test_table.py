"""The table as Markdown and CSV."""

import csv
from typing import Any

from nextword.comparison import Row, SeedResult, render_csv, render_markdown

CARD: dict[str, Any] = {
    "perplexity": 9.0,
    "perplexity_per_word": 9.0,
    "bits_per_byte": 1.5,
    "nll_sum": 9.0,
    "tokenizer": "byte (256)",
    "reset": "never",
}


def result(name: str, seed: int, perplexity: float | None, **changes: Any) -> SeedResult:
    card: dict[str, Any] = {
        **CARD,
        "perplexity": perplexity,
        "perplexity_per_word": perplexity,
        "nll_sum": None if perplexity is None else 9.0,
    }
    values: dict[str, Any] = {
        "name": name,
        "seed": seed,
        "model": f"runs/{name}",
        "family": "recurrent",
        "num_parameters": 1200,
        "model_bytes": 2**20,
        "context_size": None,
        "train_seconds": 30.0,
        "num_tokens_seen": 600,
        "validation": card,
        "test": card,
    }
    return SeedResult(**{**values, **changes})


ROWS = (
    Row(name="b", results=(result("b", 1, 20.0, context_size=4),)),
    Row(name="a", results=(result("a", 1, 10.0), result("a", 2, 12.0))),
    Row(name="c", results=(), failure="diverged"),
    Row(name="d", results=(result("d", 1, None),)),
)


def test_markdown_has_the_best_row_first_and_the_spread() -> None:
    lines = render_markdown(ROWS, measured="test", figure="perplexity").splitlines()

    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0][:5] == ["model", "family", "parameters", "MiB", "context"]
    assert [line[0] for line in cells[2:]] == ["a", "b", "c", "d"]
    assert "11.00 ± 1.41" in cells[2]
    assert cells[3][4] == "4"
    assert cells[4][1] == "failed"
    assert "infinite" in cells[5]


def test_csv_has_a_line_for_each_training() -> None:
    text = render_csv(ROWS, measured="test", figure="perplexity")

    rows = list(csv.DictReader(text.splitlines()))
    assert [(row["model"], row["seed"]) for row in rows] == [
        *(("a", "1"), ("a", "2"), ("b", "1"), ("d", "1"))
    ]
    assert float(rows[0]["train_tokens_per_second"]) == 20.0


def test_rows_that_are_reset_at_different_places_are_marked() -> None:
    lines = Row(name="e", results=(result("e", 1, 9.0, test={**CARD, "reset": "line"}),))

    assert "reset" not in render_markdown(ROWS, measured="test", figure="perplexity")
    table = render_markdown((*ROWS, lines), measured="test", figure="perplexity").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    place = cells[0].index("reset")
    assert [line[place] for line in cells[2:]] == ["line", "never", "never", "-", "never"]
    text = render_csv((*ROWS, lines), measured="test", figure="perplexity")
    values = [(row["reset"], row["tokenizer"]) for row in csv.DictReader(text.splitlines())]
    assert values == [("line", "byte (256)"), *[("never", "byte (256)")] * 4]


def test_a_result_is_the_same_after_saving() -> None:
    one = result("a", 1, 10.0, curve=((0.5, 20.0), (1.0, 15.0)))

    assert SeedResult.from_dict(one.to_dict()) == one
