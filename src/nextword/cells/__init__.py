"""Recurrent cells: one step in time each, in the letters of the lectures."""

from nextword.cells.contract import AnyCell, Cell, CellState
from nextword.cells.elman import NONLINEARITIES, ElmanCell, ElmanState, Nonlinearity, elman_step
from nextword.cells.lstm import LSTM_GATES, LstmCell, LstmGates, LstmState, lstm_gates, lstm_step

__all__ = [
    "LSTM_GATES",
    "NONLINEARITIES",
    "AnyCell",
    "Cell",
    "CellState",
    "ElmanCell",
    "ElmanState",
    "LstmCell",
    "LstmGates",
    "LstmState",
    "Nonlinearity",
    "elman_step",
    "lstm_gates",
    "lstm_step",
]
