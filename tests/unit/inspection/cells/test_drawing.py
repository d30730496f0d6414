from pathlib import Path

import numpy as np

from nextword.inspection.cells.drawing import draw_units, unit_colors


def test_unit_colors_of_a_constant_are_zero() -> None:
    assert unit_colors(np.full(3, 2.0)).tolist() == [0.0, 0.0, 0.0]


def test_unit_colors_cut_outliers() -> None:
    values = np.concatenate([np.linspace(0.0, 1.0, 200), [50.0]])

    colors = unit_colors(values)

    assert colors.min() == -1.0
    assert colors.max() == 1.0
    assert colors[190] > 0.8


def test_draw_units_writes_a_picture(tmp_path: Path) -> None:
    texts = ["$a", "\tb", "\n", "word " * 30, "c"]

    path = draw_units(tmp_path / "unit.png", texts=texts, panels=[("one", np.linspace(-1, 1, 5))])

    assert path.read_bytes().startswith(b"\x89PNG")
