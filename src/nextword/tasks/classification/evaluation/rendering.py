"""The scores of a classifier as text, for the terminal, the model card and the report."""

from nextword.tasks.classification.evaluation.scores import ClassificationScores

_MAX_LABELS = 60
#: Larger confusion matrices are too wide for a terminal.
_MAX_MATRIX_LABELS = 8
_NUM_CONFUSIONS = 10


def render_scores(scores: ClassificationScores) -> str:
    """Return the scores as text: figures, a table of the labels, and what is confused."""
    parts = [_figures(scores), _table(scores)]
    if scores.confusion is not None and scores.confusion.most_confused(1):
        parts.append(_confusions(scores))
    return "\n\n".join(parts)


def percent(share: float | None) -> str:
    """Return a share in percent; a hyphen for None."""
    return "-" if share is None else f"{100.0 * share:.2f} %"


def _figures(scores: ClassificationScores) -> str:
    error = scores.calibration.expected_calibration_error
    rows = [
        ("texts", f"{scores.labels.num_items:,}"),
        ("accuracy", percent(scores.labels.accuracy)),
        ("macro F1", percent(scores.labels.macro_f1)),
        ("micro F1", percent(scores.labels.micro_f1)),
        ("calibration error", f"{percent(error)} (ECE, {len(scores.calibration.bins)} bins)"),
    ]
    if scores.multi_label:
        rows[1] = ("accuracy", f"{percent(scores.labels.accuracy)} (all labels of a text right)")
    if scores.nll_per_text is not None:
        rows.append(("nll per text", f"{scores.nll_per_text:.4f} nats"))
    if scores.new_labels:
        shown = ", ".join(f"{label} ({count:,})" for label, count in scores.new_labels.items())
        rows.append(("labels not in training", f"{shown}: counted as wrong"))
    if scores.seconds:
        rows.append(("texts per second", f"{scores.labels.num_items / scores.seconds:,.0f}"))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _table(scores: ClassificationScores) -> str:
    """Return precision, recall, F1 and counts of each label, the most frequent first."""
    ranked = sorted(scores.labels.per_label.items(), key=lambda item: (-item[1].support, item[0]))
    shown = ranked[:_MAX_LABELS]
    width = max([len("label"), *(len(name) for name, _ in shown)])
    lines = [f"{'label':<{width}}  precision   recall       F1  expected  predicted"]
    lines += [
        f"{name:<{width}}  {percent(each.precision):>9} {percent(each.recall):>8} "
        f"{percent(each.f1):>8} {each.support:>9,} {each.num_predicted:>10,}"
        for name, each in shown
    ]
    if len(ranked) > len(shown):
        lines.append(f"... and {len(ranked) - len(shown):,} rarer ones")
    return "\n".join(lines)


def _confusions(scores: ClassificationScores) -> str:
    """Return the confusion matrix, or the most frequent confusions if it is large."""
    matrix = scores.confusion
    assert matrix is not None
    if len(matrix.labels) <= _MAX_MATRIX_LABELS:
        rows = [line.split("\t") for line in matrix.table().splitlines()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if column == 0 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        )
    confused = matrix.most_confused(_NUM_CONFUSIONS)
    width = max(len(expected) for expected, _, _ in confused)
    lines = ["most frequent confusions"]
    lines += [f"{number:>7,}  {a:<{width}} predicted as {b}" for a, b, number in confused]
    return "\n".join(lines)
