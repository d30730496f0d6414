"""Recurrent cells, one step in time each, in the notation of the lectures.

The folder has more than 12 files because each of the twelve cells has its own: its equations, its
step and, where it has one, its manual forward and backward pass.
"""

from nextword.cells.cifg import CIFG_GATES, CifgCell, CifgGates
from nextword.cells.contract import AnyCell, Cell, CellState, Gates
from nextword.cells.diagonal import Coefficients, DiagonalCell, DiagonalState
from nextword.cells.elman import NONLINEARITIES, ElmanCell, ElmanState, Nonlinearity, elman_step
from nextword.cells.elman_preactivation import ElmanPreactivationCell, PreactivationState
from nextword.cells.gru import (
    GRU_GATES,
    GruCell,
    GruGates,
    GruState,
    gru_gates,
    gru_step,
    gru_update,
)
from nextword.cells.initialization import RecurrentInitialization, initialize_recurrent_matrix
from nextword.cells.kinds import CELLS, CellBuilder, CellSettings, register_cell
from nextword.cells.linear import LinearCell, LinearState
from nextword.cells.lstm import (
    LSTM_GATES,
    LstmCell,
    LstmGates,
    LstmState,
    lstm_gates,
    lstm_step,
    lstm_update,
)
from nextword.cells.lstm_layer_norm import LayerNormLstmCell, LayerNormLstmState
from nextword.cells.lstm_projected import ProjectedLstmCell, ProjectedLstmState
from nextword.cells.manual_pass import LayerPass, ManualBackward, PassGradients, Product
from nextword.cells.min_gru import MIN_GRU_GATES, MinGruCell
from nextword.cells.min_lstm import MIN_LSTM_GATES, MinLstmCell
from nextword.cells.noise import NO_NOISE, StepNoise
from nextword.cells.rg_lru import RG_LRU_GATES, RgLruCell
from nextword.cells.slstm import SlstmCell, SlstmGates, SlstmState, slstm_update

__all__ = [
    "CELLS",
    "CIFG_GATES",
    "GRU_GATES",
    "LSTM_GATES",
    "MIN_GRU_GATES",
    "MIN_LSTM_GATES",
    "NONLINEARITIES",
    "NO_NOISE",
    "RG_LRU_GATES",
    "AnyCell",
    "Cell",
    "CellBuilder",
    "CellSettings",
    "CellState",
    "CifgCell",
    "CifgGates",
    "Coefficients",
    "DiagonalCell",
    "DiagonalState",
    "ElmanCell",
    "ElmanPreactivationCell",
    "ElmanState",
    "Gates",
    "GruCell",
    "GruGates",
    "GruState",
    "LayerNormLstmCell",
    "LayerNormLstmState",
    "LayerPass",
    "LinearCell",
    "LinearState",
    "LstmCell",
    "LstmGates",
    "LstmState",
    "ManualBackward",
    "MinGruCell",
    "MinLstmCell",
    "Nonlinearity",
    "PassGradients",
    "PreactivationState",
    "Product",
    "ProjectedLstmCell",
    "ProjectedLstmState",
    "RecurrentInitialization",
    "RgLruCell",
    "SlstmCell",
    "SlstmGates",
    "SlstmState",
    "StepNoise",
    "elman_step",
    "gru_gates",
    "gru_step",
    "gru_update",
    "initialize_recurrent_matrix",
    "lstm_gates",
    "lstm_step",
    "lstm_update",
    "register_cell",
    "slstm_update",
]
