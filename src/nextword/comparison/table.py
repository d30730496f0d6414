"""The table of a comparison as Markdown and as CSV."""

import csv
import io
from collections.abc import Callable, Sequence

from nextword.comparison.rows import Figure, Part, Row, SeedResult, mean_of

_UNDEFINED = "-"
_MIB = 2**20
#: Titles of the figures of the table.
FIGURE_TITLES: dict[Figure, str] = {
    "perplexity": "perplexity",
    "bits_per_byte": "bits/byte",
    "perplexity_per_word": "perplexity per word",
}


def render_markdown(rows: Sequence[Row], *, measured: Part, figure: Figure) -> str:
    """Return the table, best row first; an undefined figure is shown as `-`.

    A column that says nothing is left out: one without a figure, seeds if each row has one, and
    `reset` if the state of all models is reset at the same places.

    Args:
        rows: The rows.
        measured: The text on which rows are compared.
        figure: The figure by which rows are compared.
    """
    title = FIGURE_TITLES[figure]
    head = ["model", "family", "parameters", "MiB", "context", "reset", "minutes"]
    head += [
        "tokens/s",
        "seeds",
        f"{title}, valid",
        f"{title}, test",
        "bits/byte",
        "difference to the best",
    ]
    cells = [
        _cells(row, measured=measured, figure=figure)
        for row in ranked(rows, measured=measured, figure=figure)
    ]
    hidden = {
        column
        for column in range(2, len(head))
        if all(line[column] == _UNDEFINED for line in cells)
    }
    if all(len(row.results) <= 1 for row in rows):
        hidden.add(head.index("seeds"))
    if len({row.first.reset for row in rows if row.results}) <= 1:
        hidden.add(head.index("reset"))
    if figure == "bits_per_byte":
        hidden.add(head.index("bits/byte"))
    shown = [column for column in range(len(head)) if column not in hidden]
    lines = [[line[column] for column in shown] for line in [head, *cells]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(shown))]
    rule = [
        "-" * width if column < 2 else "-" * (width - 1) + ":"
        for column, width in enumerate(widths)
    ]
    return "\n".join(_line(line, widths) for line in [lines[0], rule, *lines[1:]])


def render_csv(rows: Sequence[Row], *, measured: Part, figure: Figure) -> str:
    """Return one line for each trained model, with full precision.

    Args:
        rows: The rows.
        measured: The text on which rows are compared.
        figure: The figure by which rows are compared.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        [
            *("model", "seed", "family", "num_parameters", "model_bytes", "context_size"),
            *("train_seconds", "train_tokens_per_second", "num_tokens_seen"),
            *("validation_perplexity", "test_perplexity", "bits_per_byte", "perplexity_per_word"),
            *("tokenizer", "reset"),
        ]
    )
    for row in ranked(rows, measured=measured, figure=figure):
        for each in row.results:
            writer.writerow(
                [
                    *(each.name, each.seed, each.family, each.num_parameters, each.model_bytes),
                    *(each.context_size, each.train_seconds, each.train_tokens_per_second),
                    each.num_tokens_seen,
                    each.figure("validation", "perplexity"),
                    each.figure("test", "perplexity"),
                    each.figure(measured, "bits_per_byte"),
                    each.figure(measured, "perplexity_per_word"),
                    *(each.tokenizer, each.reset),
                ]
            )
    return buffer.getvalue()


def ranked(rows: Sequence[Row], *, measured: Part, figure: Figure) -> list[Row]:
    """Return rows by their figure, best first; rows without one come last, in the given order.

    Args:
        rows: The rows.
        measured: The text on which they are compared.
        figure: The figure.
    """

    def key(row: Row) -> tuple[bool, float]:
        value = row.mean(measured, figure) if row.results else None
        return value is None, value or 0.0

    return sorted(rows, key=key)


def _cells(row: Row, *, measured: Part, figure: Figure) -> list[str]:
    if not row.results:
        return [row.name, "failed", *([_UNDEFINED] * 11)]
    first = row.first

    def mean(value: Callable[[SeedResult], float | None]) -> float | None:
        return mean_of(row.values(value))

    seconds = mean(lambda each: each.train_seconds)
    return [
        row.name,
        first.family,
        f"{first.num_parameters:,}",
        _number(None if first.model_bytes is None else first.model_bytes / _MIB, digits=1),
        "all" if first.context_size is None else f"{first.context_size:,}",
        first.reset,
        _number(None if seconds is None else seconds / 60, digits=2),
        _number(mean(lambda each: each.train_tokens_per_second), digits=0),
        str(len(row.results)),
        _with_spread(row, "validation", figure),
        _with_spread(row, "test", figure),
        _number(row.mean(measured, "bits_per_byte"), digits=4),
        _difference(row, figure),
    ]


def _with_spread(row: Row, part: Part, figure: Figure) -> str:
    digits = 4 if figure == "bits_per_byte" else 2
    spread = row.spread(part, figure)
    if row.mean(part, figure) is None and (row.first.test or row.first.validation):
        return "infinite" if _is_infinite(row, part) else _UNDEFINED
    value = _number(row.mean(part, figure), digits=digits)
    return value if spread is None else f"{value} ± {spread:.{digits}f}"


def _is_infinite(row: Row, part: Part) -> bool:
    card = row.first.test if part == "test" else row.first.validation
    return card is not None and card["nll_sum"] is None


def _difference(row: Row, figure: Figure) -> str:
    found = row.difference
    if found is None:
        return _UNDEFINED
    if found["to"] == row.name:
        return "best"
    digits = 4 if figure == "bits_per_byte" else 2
    low, high = (f"{found[key]:+,.{digits}f}" for key in ("low", "high"))
    return f"{found['value']:+,.{digits}f} [{low}, {high}]"


def _number(value: float | None, *, digits: int) -> str:
    return _UNDEFINED if value is None else f"{value:,.{digits}f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.ljust(width) if column < 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"
