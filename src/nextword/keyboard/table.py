"""Reports of simulated typing as plain text."""

from collections.abc import Sequence

from nextword.keyboard.report import TypingReport
from nextword.keyboard.typed_text import TEXT_FORMS, TextForm

_HEADER = (
    "model",
    "tokenizer",
    "cache",
    "1 slot",
    "3 slots",
    "5 slots",
    "ceiling",
    "top-1",
    "top-3",
    "unknown",
    "p50 ms",
    "p99 ms",
    "CPU p99 ms",
    "MB",
)
_NUM_LEFT_ALIGNED = 3


def render_reports(reports: Sequence[TypingReport], *, text: str, form: TextForm) -> str:
    """Return a table of keystroke savings with one row per report.

    Args:
        reports: Reports on the same text, at least one.
        text: Description of the text.
        form: The form in which it was typed.
    """
    first = reports[0]
    lines = [
        f"text: {text}, {first.num_lines:,} lines, {first.num_words:,} words, "
        f"{first.num_characters:,} characters",
        f"typed: {TEXT_FORMS[form]}",
        f"ceiling of perfect prediction: {_percent(first.ceiling)}; the column shows the ceiling "
        "of a model's word list",
        "",
        *_aligned([_HEADER, *map(_row, reports)]),
    ]
    return "\n".join(lines)


def _row(report: TypingReport) -> tuple[str, ...]:
    cache = report.cache
    size = report.model_bytes
    return (
        report.model,
        report.tokenizer,
        "-" if cache is None else f"weight {cache.weight:g}, decay {cache.decay:g}",
        *(_percent(report.savings(slots)) for slots in report.num_keystrokes),
        _percent(report.ceiling_word_list),
        _percent(report.top_1),
        _percent(report.top_3),
        _percent(report.unknown_rate),
        f"{report.latency_p50_ms:.2f}",
        f"{report.latency_p99_ms:.2f}",
        f"{report.cpu_p99_ms:.2f}",
        "-" if size is None else f"{size / 1e6:.1f}",
    )


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f} %"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_cells(row, widths)).rstrip() for row in rows]


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.ljust(width) if column < _NUM_LEFT_ALIGNED else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
