"""C13: with f = 1 and i = 0 a cell keeps its value; an RNN can hardly do that."""

import torch

from nextword.cells import (
    LSTM_GATES,
    ElmanCell,
    ElmanState,
    LinearCell,
    LinearState,
    LstmCell,
    LstmState,
)
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.tools import draw_curves
from nextword.lab.workbench import Workbench

_SIZE, _LONG, _SHORT = 8, 10_000, 100
_SATURATED = 1_000.0


def measure(bench: Workbench) -> Finding:
    """Keep a value in three kinds of cells, and overwrite it in two."""
    drift = lstm_drift()
    kept = elman_kept()
    linear_error, leftover = _linear()
    overwritten = _lstm_overwrite()
    picture = draw_curves(
        {
            "LSTM, f = 1 and i = 0": (range(_SHORT + 1), [1.0] * (_SHORT + 1)),
            "tanh RNN, W_h = I": (range(_SHORT + 1), kept),
        },
        bench.pictures / "c13.png",
        title="Share of a value of 0.5 that is left",
        labels=("steps", "share"),
    )
    lost = 1 - kept[-1]
    holds = drift == 0.0 and lost >= 0.5
    return Finding(
        verdict=Verdict.HOLDS if holds else Verdict.FAILS,
        reason=f"With saturated gates the cell drifts by {drift:g} over {_LONG:,} steps of random "
        f"input. A tanh network with W_h = I loses {lost:.0%} of 0.5 in {_SHORT} steps. A linear "
        "network with W_h = I keeps it exactly, but cannot overwrite it: the difference of two "
        f"old values stays {leftover:g} whatever is written, in the LSTM {overwritten:.0e}.",
        figures={
            "lstm_drift_10000_steps": drift,
            "elman_lost_after_100_steps": lost,
            "linear_drift_100_steps": linear_error,
            "linear_old_value_left_after_writing": leftover,
            "lstm_old_value_left_after_writing": overwritten,
        },
        checks=(
            Check(text="saturated gates: drift 0 over 10,000 steps", passed=drift == 0.0),
            Check(text="tanh RNN with W_h = I loses >= 50% by 100", passed=lost >= 0.5),
            Check(
                text="a linear identity keeps it but cannot overwrite it",
                passed=linear_error == 0.0 and leftover > 0.99 and overwritten < 1e-6,
            ),
        ),
        pictures=(picture,),
    )


@torch.no_grad()
def lstm_drift(num_steps: int = _LONG) -> float:
    """Return the largest change of the cell state with f = 1 and i = 0, under random inputs.

    Args:
        num_steps: Number of steps.
    """
    cell = LstmCell(_SIZE, _SIZE).double()
    bias = cell.bias.view(4, _SIZE)
    bias[LSTM_GATES.index("forget_gate")] = _SATURATED
    bias[LSTM_GATES.index("input_gate")] = -_SATURATED
    start = torch.randn(1, _SIZE, dtype=torch.float64)
    state = LstmState(hidden_state=torch.zeros_like(start), cell_state=start)
    for _ in range(num_steps):
        _, state = cell.step(torch.randn(1, _SIZE, dtype=torch.float64), state)
    return (state.cell_state - start).abs().max().item()


@torch.no_grad()
def elman_kept(num_steps: int = _SHORT) -> list[float]:
    """Return the share of a value of 0.5 that a tanh network with W_h = I has after each step.

    Args:
        num_steps: Number of steps, with inputs of 0.
    """
    cell = ElmanCell(1, 1).double()
    cell.weight_hh.fill_(1.0)
    cell.bias.zero_()
    state = ElmanState(hidden_state=torch.full((1, 1), 0.5, dtype=torch.float64))
    shares = [1.0]
    for _ in range(num_steps):
        _, state = cell.step(torch.zeros(1, 1, dtype=torch.float64), state)
        shares.append(state.hidden_state.item() / 0.5)
    return shares


@torch.no_grad()
def _linear() -> tuple[float, float]:
    """Return the drift of a linear network with W_h = I, and what is left of an old value."""
    cell = LinearCell(1, 1).double()
    cell.weight_hh.fill_(1.0)
    cell.bias.zero_()
    old = torch.tensor([[-0.5], [0.5]], dtype=torch.float64)
    state = LinearState(hidden_state=old)
    for _ in range(_SHORT):
        _, state = cell.step(torch.zeros(2, 1, dtype=torch.float64), state)
    drift = (state.hidden_state - old).abs().max().item()
    _, state = cell.step(torch.full((2, 1), 0.7, dtype=torch.float64), state)
    return drift, (state.hidden_state[1] - state.hidden_state[0]).abs().item()


@torch.no_grad()
def _lstm_overwrite() -> float:
    """Return what is left of the difference of two old values after f = 0, i = 1 for one unit.

    The input 1 opens the input gate and closes the forget gate of unit 0 alone.
    """
    cell = LstmCell(1, 2).double()
    for parameter in cell.parameters():
        parameter.zero_()
    bias, weight = cell.bias.view(4, 2), cell.weight_ih.view(4, 2)
    forget, enter = LSTM_GATES.index("forget_gate"), LSTM_GATES.index("input_gate")
    bias[forget], bias[enter] = 50.0, -50.0
    weight[forget, 0], weight[enter, 0] = -100.0, 100.0
    weight[LSTM_GATES.index("cell_candidate"), 0] = 0.87
    old = torch.tensor([[-0.5, 0.3], [0.5, 0.3]], dtype=torch.float64)
    state = LstmState(hidden_state=torch.zeros_like(old), cell_state=old)
    _, state = cell.step(torch.ones(2, 1, dtype=torch.float64), state)
    kept_other = (state.cell_state[:, 1] - 0.3).abs().max().item()
    return (state.cell_state[1, 0] - state.cell_state[0, 0]).abs().item() + kept_other


CLAIM = Claim(
    id="C13",
    name="keeping",
    statement="A cell of an LSTM whose forget gate is 1 and whose input gate is 0 keeps its value "
    "for ever; for a simple recurrent network it is much harder to keep a value.",
    sources=(Source(lecture="lecture-004", place="LSTM resolves the vanishing gradient issue"),),
    method="An LSTM with saturated gates, a tanh network and a linear network with W_h = I keep a "
    "value; then a new value is written to one unit.",
    expected="Saturated gates: a drift of 0 over 10,000 steps. The tanh network loses at least "
    "half by step 100. The linear network keeps the value, but cannot overwrite one unit.",
    measure=measure,
)
