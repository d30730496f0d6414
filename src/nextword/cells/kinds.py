"""The registry of cells by their name in `model.cell`."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from nextword.base import Registry
from nextword.cells.cifg import CifgCell
from nextword.cells.contract import AnyCell
from nextword.cells.elman import ElmanCell, Nonlinearity
from nextword.cells.elman_preactivation import ElmanPreactivationCell
from nextword.cells.gru import GruCell
from nextword.cells.linear import LinearCell
from nextword.cells.lstm import LstmCell
from nextword.cells.lstm_layer_norm import LayerNormLstmCell
from nextword.cells.lstm_projected import ProjectedLstmCell
from nextword.cells.min_gru import MinGruCell
from nextword.cells.min_lstm import MinLstmCell
from nextword.cells.rg_lru import RgLruCell
from nextword.cells.slstm import SlstmCell


@runtime_checkable
class CellSettings(Protocol):
    """The settings in `model.*` that a cell is built from."""

    @property
    def hidden_size(self) -> int:
        """Width of the state."""

    @property
    def projection_size(self) -> int | None:
        """Width of the outputs of `lstm_projected`; None for all other cells."""

    @property
    def nonlinearity(self) -> Nonlinearity:
        """σ of the Elman cells."""

    @property
    def forget_bias(self) -> float:
        """Initial value of the forget gate's bias."""


#: Builds a cell from its input size and the settings of its layer.
CellBuilder = Callable[[int, CellSettings], AnyCell]


def register_cell(name: str, build: CellBuilder, *, replace: bool = False) -> None:
    """Register a cell, so that `model.cell` accepts its name.

    It is then trained, saved and loaded like the built-in cells. A saved model stores only the
    name, so a program that loads it must register the cell first.

    Args:
        name: Its name in `model.cell`.
        build: Called with the input size and the settings of the layer; returns a cell whose
            outputs are `settings.hidden_size` wide.
        replace: Whether to replace a cell registered under this name before.

    Raises:
        ConfigError: The name is taken.
    """
    CELLS.add(name, build, replace=replace)


def _elman(input_size: int, settings: CellSettings) -> AnyCell:
    return ElmanCell(input_size, settings.hidden_size, nonlinearity=settings.nonlinearity)


def _elman_preactivation(input_size: int, settings: CellSettings) -> AnyCell:
    return ElmanPreactivationCell(
        input_size, settings.hidden_size, nonlinearity=settings.nonlinearity
    )


def _lstm(input_size: int, settings: CellSettings) -> AnyCell:
    return LstmCell(input_size, settings.hidden_size, forget_bias=settings.forget_bias)


def _lstm_projected(input_size: int, settings: CellSettings) -> AnyCell:
    return ProjectedLstmCell(
        input_size,
        settings.hidden_size,
        projection_size=settings.projection_size or settings.hidden_size,
        forget_bias=settings.forget_bias,
    )


def _lstm_layer_norm(input_size: int, settings: CellSettings) -> AnyCell:
    return LayerNormLstmCell(input_size, settings.hidden_size, forget_bias=settings.forget_bias)


def _cifg(input_size: int, settings: CellSettings) -> AnyCell:
    return CifgCell(input_size, settings.hidden_size, forget_bias=settings.forget_bias)


def _slstm(input_size: int, settings: CellSettings) -> AnyCell:
    return SlstmCell(input_size, settings.hidden_size, forget_bias=settings.forget_bias)


def _min_lstm(input_size: int, settings: CellSettings) -> AnyCell:
    return MinLstmCell(input_size, settings.hidden_size, forget_bias=settings.forget_bias)


#: How each kind is built.
CELLS: Registry[CellBuilder] = Registry(
    {
        "lstm": _lstm,
        "lstm_projected": _lstm_projected,
        "lstm_layer_norm": _lstm_layer_norm,
        "gru": lambda input_size, settings: GruCell(input_size, settings.hidden_size),
        "elman": _elman,
        "elman_preactivation": _elman_preactivation,
        "linear": lambda input_size, settings: LinearCell(input_size, settings.hidden_size),
        "min_gru": lambda input_size, settings: MinGruCell(input_size, settings.hidden_size),
        "min_lstm": _min_lstm,
        "cifg": _cifg,
        "slstm": _slstm,
        "rg_lru": lambda input_size, settings: RgLruCell(input_size, settings.hidden_size),
    },
    setting="cell",
    register="nextword.register_cell",
)
