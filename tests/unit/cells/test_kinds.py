import pytest

from nextword.base import ConfigError
from nextword.cells import CELLS, GruCell, register_cell
from nextword.families import RecurrentConfig
from registries import registries_restored


def test_register_cell_is_built_from_width_and_settings() -> None:
    seen = []

    def build(input_size: int, settings: object) -> GruCell:
        seen.append((input_size, settings))
        return GruCell(input_size, 3)

    with registries_restored():
        register_cell("mine", build)
        config = RecurrentConfig(cell="mine", hidden_size=3, num_layers=2, forget_bias=2.0)
        cells = config.cells(5)

    assert [type(cell) for cell in cells] == [GruCell, GruCell]
    assert seen == [(5, config), (3, config)]


def test_register_cell_name_of_nextword_is_refused() -> None:
    with pytest.raises(ConfigError, match="cell 'gru' is built in"):
        register_cell("gru", CELLS["lstm"])


def test_cells_are_forgotten_after_a_test() -> None:
    assert "mine" not in CELLS
