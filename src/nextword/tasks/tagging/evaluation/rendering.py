"""The scores of a tagger as text, for the terminal, the model card and the report."""

from collections.abc import Mapping, Sequence

from nextword.base import shortened
from nextword.tasks.tagging.evaluation.scores import TaggingScores

_MAX_LABELS = 60
_NUM_ERRORS = 10
_NUM_NEW_LABELS = 10


def render_scores(scores: TaggingScores) -> str:
    """Return the scores as text: figures, a table of the labels or spans, and frequent errors."""
    parts = [_figures(scores), _table(scores)]
    if scores.errors:
        parts.append(_errors(scores))
    return "\n\n".join(parts)


def _figures(scores: TaggingScores) -> str:
    rows = [
        ("words", f"{scores.labels.num_items:,} (sentences: {scores.num_sentences:,})"),
        ("accuracy", percent(scores.labels.accuracy)),
        ("  of known words", f"{percent(scores.known.accuracy)} of {scores.known.num_words:,}"),
        (
            "  of unknown words",
            f"{percent(scores.unknown.accuracy)} of {scores.unknown.num_words:,}",
        ),
    ]
    if scores.spans is not None:
        rows += [
            ("span F1", percent(scores.spans.f1)),
            ("  precision", f"{percent(scores.spans.precision)} of {scores.spans.num_predicted:,}"),
            ("  recall", f"{percent(scores.spans.recall)} of {scores.spans.num_expected:,}"),
        ]
    if scores.new_labels:
        rows.append(("labels not in training", f"{_new_labels(scores)}: counted as wrong"))
    rows.append(("words per second", f"{scores.labels.num_items / scores.seconds:,.0f}"))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _new_labels(scores: TaggingScores) -> str:
    """Return the most frequent labels that the training data lack, with their counts."""
    found = list(scores.new_labels.items())
    shown = [f"{shortened(label)} ({count:,})" for label, count in found[:_NUM_NEW_LABELS]]
    more = len(found) - len(shown)
    return ", ".join(shown) + (f" and {more:,} others" if more else "")


def percent(share: float | None) -> str:
    """Return a share in percent; a hyphen for None."""
    return "-" if share is None else f"{100.0 * share:.2f} %"


def _table(scores: TaggingScores) -> str:
    if scores.spans is not None:
        values = {
            name: (each.precision, each.recall, each.f1, each.num_expected, each.num_predicted)
            for name, each in scores.span_types.items()
        }
        return _label_table("span type", values)
    values_of_labels = {
        name: (each.precision, each.recall, each.f1, each.support, each.num_predicted)
        for name, each in scores.labels.per_label.items()
    }
    return _label_table("label", values_of_labels)


def _label_table(
    title: str, values: Mapping[str, tuple[float | None, float | None, float, int, int]]
) -> str:
    """Return precision, recall, F1 and counts of each label, the most frequent first."""
    ranked = sorted(values.items(), key=lambda item: (-item[1][3], item[0]))
    shown = ranked[:_MAX_LABELS]
    width = max([len(title), *(len(name) for name, _ in shown)])
    lines = [f"{title:<{width}}  precision   recall       F1  expected  predicted"]
    lines += [
        f"{name:<{width}}  {percent(precision):>9} {percent(recall):>8} {percent(f1):>8} "
        f"{support:>9,} {predicted:>10,}"
        for name, (precision, recall, f1, support, predicted) in shown
    ]
    if len(ranked) > len(shown):
        lines.append(f"... and {len(ranked) - len(shown):,} rarer ones")
    return "\n".join(lines)


def _errors(scores: TaggingScores) -> str:
    rows: list[Sequence[str]] = [("count", "word", "expected", "predicted", "first example")]
    rows += [
        (f"{error.count:,}", error.word, error.expected, error.predicted, error.place)
        for error in scores.errors[:_NUM_ERRORS]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["most frequent errors"]
    for row, error in zip(rows, [None, *scores.errors], strict=False):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append(f"{cells[0]}  {cells[1]}  {cells[2]}  {cells[3]}  {row[4]}")
        if error is not None:
            lines.append(f"    {error.example}")
    return "\n".join(lines)
