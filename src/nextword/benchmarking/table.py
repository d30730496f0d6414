"""Text tables of results, for a terminal or a page. Reads the JSON values, and measures nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from nextword.base import Values

#: Column headings of the varied sizes of growth curves.
AXES = {
    "bptt_steps": "time steps",
    "batch_size": "batch size",
    "hidden_size": "hidden size",
    "vocab_size": "words",
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of text.

    Attributes:
        title: Title above the table.
        head: Column headings. The first column holds text, the others numbers.
        rows: Cells of each row.
        note: Note below the table.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def to_markdown(self) -> str:
        """Return the table as Markdown, without title and note."""
        lines = [self.head, ("---", *["--:"] * (len(self.head) - 1)), *self.rows]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def machine_line(machine: Values) -> str:
    """Return a description of the machine in one line."""
    kernels = machine["kernels"]
    return (
        f"{machine['cpu']}, {machine['threads']} threads on {machine['cores']} cores, "
        f"{machine['instruction_set']}, "
        f"{'no compiled kernels' if kernels is None else f'kernels for {kernels}'}, "
        f"torch {machine['torch']}, {machine['date']}"
    )


def case_table(result: Values) -> Table:
    """Return a table of one case, with one row per implementation.

    A growth curve has one row per size.

    Args:
        result: Result of the case, as JSON values.
    """
    if result["kind"] == "growth":
        return _growth_table(result)
    columns = {
        "ms": [milliseconds(row) for row in result["rows"]],
        "relative time": [_ratio(row["ratio"]) for row in result["rows"]],
        "tokens/s": [_count(row["tokens_per_second"]) for row in result["rows"]],
        "of peak": [_percent(row["share_of_peak"]) for row in result["rows"]],
        "of bandwidth": [_percent(row.get("share_of_bandwidth")) for row in result["rows"]],
        "memory, MiB": [_count(row["memory_growth_mib"]) for row in result["rows"]],
        "peak memory, MiB": [_count(row.get("peak_memory_mib")) for row in result["rows"]],
    }
    # Empty columns are left out.
    kept = {head: cells for head, cells in columns.items() if any(cells)}
    names = [_named(row) for row in result["rows"]]
    return Table(
        title=f"{result['case']}: {result['summary']}",
        head=("", *kept),
        rows=tuple(zip(names, *kept.values(), strict=True)),
        note=_note(result),
    )


def comparison_table(results: Sequence[Values]) -> Table:
    """Return a table of several cases of one kind: one row per case, one column per implementation.

    Args:
        results: Results of the cases, as JSON values.
    """
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
        head=("case", *names, *(["of peak"] if has_share else [])),
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
    """Return a note on backends, number of samples, and parity."""
    parity = result["parity"]
    pairs = min(row["seconds"]["count"] for row in result["rows"])
    parts = [
        f"backends {', '.join(result['backends'])}" if result["backends"] else "",
        f"medians of at least {pairs} samples, {result['num_discarded']} discarded",
        f"largest difference from {parity.get('reference', 'float64')}: {parity['quantity']}, "
        f"{parity['distance']:.1e} (limit {parity['limit']:.0e})",
    ]
    return "; ".join(part for part in parts if part)


def milliseconds(row: Values) -> str:
    """Return the median time of a row in milliseconds, with 3 significant digits.

    Example:
        >>> milliseconds({"seconds": {"median": 0.08934}}), milliseconds({"seconds": {"median": 2}})
        ('89.3', '2,000')
    """
    value = 1000 * row["seconds"]["median"]
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _timing(row: Values) -> str:
    """Return a row's time, its ratio to the first row's time, and its memory."""
    cell = f"{milliseconds(row)} ms"
    if row["ratio"] is not None:
        cell += f", {row['ratio']['median']:.2f} times"
    if row["memory_growth_mib"] is not None:
        cell += f", {_count(row['memory_growth_mib'])} MiB"
    return cell


def _named(row: Values) -> str:
    """Return the name of an implementation, with its dtype if the name lacks it."""
    return row["name"] if row["precision"] in row["name"] else f"{row['name']} ({row['precision']})"


def _ratio(ratio: Values | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}%"
