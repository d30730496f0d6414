"""Results as tables of words, for a terminal or a page. Reads the JSON values, measures nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from nextword.base import Values

#: What the varied size of a growth curve is called at the head of its column.
AXES = {
    "bptt_steps": "steps of a window",
    "batch_size": "rows of a batch",
    "hidden_size": "width of a layer",
    "vocab_size": "words",
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells in rows under heads.

    Attributes:
        title: What stands above.
        head: The columns' heads; the first column is of words, the others of numbers.
        rows: As many cells each.
        note: What stands below.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def to_markdown(self) -> str:
        """Return the table as Markdown, without its title and note."""
        lines = [self.head, ("---", *["--:"] * (len(self.head) - 1)), *self.rows]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def machine_line(machine: Values) -> str:
    """Say on what was measured, in a line."""
    kernels = machine["kernels"]
    return (
        f"{machine['cpu']}, {machine['threads']} threads on {machine['cores']} cores, "
        f"{machine['instruction_set']}, "
        f"{'no compiled kernels' if kernels is None else f'kernels for {kernels}'}, "
        f"torch {machine['torch']}, {machine['date']}"
    )


def case_table(result: Values) -> Table:
    """Return one case: a row a contender, or a row a size where it is a growth curve."""
    if result["kind"] == "growth":
        return _growth_table(result)
    columns = {
        "ms": [milliseconds(row) for row in result["rows"]],
        "times as long": [_ratio(row["ratio"]) for row in result["rows"]],
        "tokens/s": [_count(row["tokens_per_second"]) for row in result["rows"]],
        "of the peak": [_percent(row["share_of_peak"]) for row in result["rows"]],
        "memory, MiB": [_count(row["memory_growth_mib"]) for row in result["rows"]],
    }
    # A column that has nothing to say here is left out.
    kept = {head: cells for head, cells in columns.items() if any(cells)}
    names = [_named(row) for row in result["rows"]]
    return Table(
        title=f"{result['case']}: {result['summary']}",
        head=("", *kept),
        rows=tuple(zip(names, *kept.values(), strict=True)),
        note=_note(result),
    )


def comparison_table(results: Sequence[Values]) -> Table:
    """Return several cases of one kind: a row a case, a column a contender."""
    names = list(dict.fromkeys(row["name"] for result in results for row in result["rows"]))
    rows = []
    for result in results:
        by_name = {row["name"]: row for row in result["rows"]}
        cells = [_timing(by_name[name]) if name in by_name else "" for name in names]
        share = _percent(result["rows"][0]["share_of_peak"])
        rows.append((f"`{result['case']}`", *cells, share))
    has_share = any(row[-1] for row in rows)
    return Table(
        title="",
        head=("case", *names, *(["of the peak"] if has_share else [])),
        rows=tuple(row if has_share else row[:-1] for row in rows),
    )


def _growth_table(result: Values) -> Table:
    names = list(dict.fromkeys(row["name"] for row in result["rows"]))
    by_place = {(row["name"], row["at"]): row for row in result["rows"]}
    places = sorted({row["at"] for row in result["rows"]})
    rows = []
    for at in places:
        cells = [f"{at:,}"]
        for name in names:
            row = by_place[name, at]
            exponent = row["exponent"]
            cells += [milliseconds(row), "" if exponent is None else f"{exponent:.2f}"]
        rows.append(tuple(cells))
    heads = [head for name in names for head in (f"{name}, ms", "exponent")]
    return Table(
        title=f"{result['case']}: {result['summary']}",
        head=(AXES[result["axis"]], *heads),
        rows=tuple(rows),
        note=_note(result),
    )


def _note(result: Values) -> str:
    """Say how the figures came to be."""
    parity = result["parity"]
    pairs = min(row["seconds"]["count"] for row in result["rows"])
    parts = [
        f"backends {', '.join(result['backends'])}" if result["backends"] else "",
        f"medians of {pairs} or more, {result['num_discarded']} discarded",
        f"farthest from float64: {parity['quantity']}, {parity['distance']:.1e} of "
        f"{parity['limit']:.0e} allowed",
    ]
    return "; ".join(part for part in parts if part)


def milliseconds(row: Values) -> str:
    """Return the median time of a row.

    Example:
        >>> milliseconds({"seconds": {"median": 0.08934}}), milliseconds({"seconds": {"median": 2}})
        ('89.3', '2,000')
    """
    value = 1000 * row["seconds"]["median"]
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _timing(row: Values) -> str:
    """Return a row's time, and how many times as long as the first row's it is."""
    cell = f"{milliseconds(row)} ms"
    if row["ratio"] is not None:
        cell += f", {row['ratio']['median']:.2f} times"
    if row["memory_growth_mib"] is not None:
        cell += f", {_count(row['memory_growth_mib'])} MiB"
    return cell


def _named(row: Values) -> str:
    """Return a contender with its dtype, where its name does not say it."""
    return row["name"] if row["precision"] in row["name"] else f"{row['name']} ({row['precision']})"


def _ratio(ratio: Values | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}%"
