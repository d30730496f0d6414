"""The picture of a training: what is drawn in it."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from nextword.storage import RunFolder
from nextword.training import TrainingCurve, ValidationRecord, draw_training_curve

RECORDS: list[dict[str, Any]] = [
    {"epoch": 0.5, "train/perplexity": 80.0, "train/learning_rate": 0.25},
    {"epoch": 1.0, "validation/perplexity": 60.0},
    {"epoch": 1.5, "train/perplexity": 40.0, "train/learning_rate": 0.125},
    {"epoch": 2.0, "validation/perplexity": 52.345},
    {"epoch": 3.0, "validation/perplexity": 70.0},
]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Every figure that is written, in order."""
    figures: list[Figure] = []
    savefig = Figure.savefig

    def remember(self: Figure, *args: Any, **options: Any) -> None:
        figures.append(self)
        savefig(self, *args, **options)

    monkeypatch.setattr(Figure, "savefig", remember)
    return figures


def test_training_curve_shows_perplexities_over_epochs(tmp_path: Path, drawn: list[Figure]) -> None:
    draw_training_curve(RECORDS, tmp_path / "curve.png", title="my run")

    upper, lower = drawn[0].axes
    points = [
        list(zip(line.get_xdata(), line.get_ydata(), strict=True))
        for line in (*upper.lines, *lower.lines)
    ]
    assert points == [
        [(0.5, 80.0), (1.5, 40.0)],
        [(1.0, 60.0), (2.0, 52.345), (3.0, 70.0)],
        [(0.5, 0.25), (1.5, 0.125)],
    ]
    assert (upper.get_yscale(), upper.get_title()) == ("log", "my run")


def test_training_curve_marks_the_best_validation(tmp_path: Path, drawn: list[Figure]) -> None:
    draw_training_curve(RECORDS, tmp_path / "curve.png", title="my run")

    [best] = drawn[0].axes[0].texts
    assert (best.get_text(), best.xy) == ("52.34", (2.0, 52.345))


@pytest.mark.parametrize("records", [[], RECORDS[:1]], ids=["none", "training alone"])
def test_training_curve_without_validation_is_drawn_all_the_same(
    records: list[dict[str, Any]], tmp_path: Path
) -> None:
    draw_training_curve(records, tmp_path / "curve.png", title="my run")

    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_training_curve_callback_draws_the_metrics_of_its_run(
    tmp_path: Path, drawn: list[Figure]
) -> None:
    run = RunFolder.create(tmp_path / "my run")
    for record in RECORDS:
        run.append_metrics(record)

    TrainingCurve(run).on_validation(
        ValidationRecord(step=1, epoch=3.0, nll_per_token=1.0, is_best=False, elapsed_s=1.0)
    )

    assert drawn[0].axes[0].get_title() == "my run"
    assert len(drawn[0].axes[0].lines[1].get_xdata()) == 3
    assert [path.name for path in run.plots_folder.iterdir()] == ["training-curve.png"]
