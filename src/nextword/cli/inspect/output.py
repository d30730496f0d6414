"""The table that an instrument prints, and where its report is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nextword.cli.output import write_json, write_line


def print_result(
    values: Mapping[str, Any],
    *,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str] = (),
    report: Path | None,
    json: bool,
) -> None:
    """Print the result of an instrument as JSON, or as a table with the path of the report.

    Args:
        values: The result as JSON values.
        header: Names of the columns.
        rows: Cells of each row.
        notes: Sentences below the table.
        report: The report; None if none was written.
        json: Whether to print JSON.
    """
    if json:
        write_json(values if report is None else {**values, "report": str(report)})
        return
    write_line(table(header, rows))
    for note in notes:
        write_line(f"\n{note}")
    if report is not None:
        write_line(f"\nreport  {report}")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines with aligned columns; the first two columns are names.

    Args:
        header: Names of the columns.
        rows: Cells of each row.

    Example:
        >>> print(table(("model", "layer", "factor"), [("a", "1", "0.5"), ("long", "2", "0.25")]))
        model  layer  factor
        a      1         0.5
        long   2        0.25
    """
    lines = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
