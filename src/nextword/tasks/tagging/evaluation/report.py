"""The report of an evaluation: scores, confusion matrix and errors as HTML, and JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nextword.base import checked_path, created_folder, with_nulls, write_bytes, write_json
from nextword.pages import html_page, html_section, inline_pictures, preformatted
from nextword.storage import disk_errors
from nextword.tasks.tagging.evaluation.scores import TaggingScores


def write_tagging_report(out: Path, scores: TaggingScores, *, values: Mapping[str, Any]) -> None:
    """Write `report.html`, `confusion.png`, `confusion.json` and `scores.json` into a folder.

    Args:
        out: The folder; created if it does not exist.
        scores: The scores.
        values: The scores as JSON values, for `scores.json`.

    Raises:
        CheckpointError: The folder cannot be written.
    """
    # Imported here because matplotlib takes longer to load than a model.
    from nextword.tasks.metrics.pictures import draw_confusion

    out = checked_path(out)
    matrix = scores.counts.confusion()
    with disk_errors(out), created_folder(out):
        draw_confusion(matrix, out / "confusion.png")
        write_json(out / "confusion.json", matrix.to_dict())
        write_json(out / "scores.json", with_nulls(dict(values)))
        name, value = scores.headline()
        page = html_page(
            f"{values['model']} on {values['text']}",
            figures=[(name, value), ("accuracy", f"{100.0 * scores.labels.accuracy:.2f} %")],
            sections=[
                html_section("Scores and errors", preformatted(scores.render())),
                html_section("Confusion matrix", *inline_pictures(out)),
            ],
        )
        write_bytes(out / "report.html", page.encode("utf-8", errors="replace"))
