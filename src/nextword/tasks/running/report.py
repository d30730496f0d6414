"""`report.html` of a task's run: scores, plots and settings."""

from typing import TYPE_CHECKING

from nextword.base import Values, write_bytes, write_toml
from nextword.pages import html_page, html_section, inline_pictures, preformatted
from nextword.storage import RunFolder

if TYPE_CHECKING:
    from nextword.tasks.running.run import TaskResult


def write_task_report(run: RunFolder, *, settings: Values, result: "TaskResult") -> None:
    """Write the report of a finished run.

    Args:
        run: The run folder.
        settings: Its settings.
        result: Its result.
    """
    parts = {"validation": result.validation, "test": result.test}
    measured = {name: each for name, each in parts.items() if each is not None}
    figures = [("parameters", f"{result.num_parameters:,}")]
    for name, measurement in measured.items():
        score, value = measurement.headline()
        figures.append((f"{name} {score}", value))
    figures.append(("minutes of training", f"{result.progress.elapsed_s / 60:.1f}"))
    sections = [
        html_section("Training", *inline_pictures(run.plots_folder)),
        *(
            html_section(f"Scores on the {name} data", preformatted(measurement.render()))
            for name, measurement in measured.items()
        ),
        html_section("Settings", preformatted(write_toml(settings))),
    ]
    page = html_page(run.path.name, figures=figures, sections=sections)
    write_bytes(run.report_file, page.encode("utf-8", errors="replace"))
