"""C23: information decays forward as gradients decay backward."""

import math

import torch
from torch import Tensor

from nextword.cells import ElmanCell, ElmanState
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.tools import draw_curves
from nextword.lab.workbench import Workbench

_INPUT, _HIDDEN, _STEPS, _LAGS = 8, 32, 120, 30
_NETWORKS, _STARTS = 3, 8
_PERTURBATION = 1e-6
_LIMIT = 0.10


def measure(bench: Workbench) -> Finding:
    """Compare the decay of a small change of a state with that of the gradient."""
    forwards, backwards = [], []
    for _ in range(_NETWORKS):
        cell = ElmanCell(_INPUT, _HIDDEN).double()
        inputs = torch.randn(_STEPS, 1, _INPUT, dtype=torch.float64)
        states = _states(cell, inputs)
        starts = torch.linspace(10, _STEPS - _LAGS - 1, _STARTS).long().tolist()
        forwards.append(torch.stack([_forward(cell, inputs, states, at) for at in starts]))
        backwards.append(torch.stack([_backward(cell, inputs, states, at) for at in starts]))
    forward = torch.stack(forwards).log().mean((0, 1))
    backward = torch.stack(backwards).log().mean((0, 1))
    rates = exponent(forward), exponent(backward)
    difference = abs(rates[0] / rates[1] - 1)
    picture = draw_curves(
        {
            "forward: change of h[t+k]": (range(_LAGS + 1), (forward - forward[0]).exp().tolist()),
            "backward: gradient of h[t]": (
                range(_LAGS + 1),
                (backward - backward[0]).exp().tolist(),
            ),
        },
        bench.pictures / "c23.png",
        title="Geometric means over random networks and positions",
        labels=("lag k", "size relative to lag 0"),
        log_y=True,
    )
    agrees = difference <= _LIMIT
    return Finding(
        verdict=Verdict.HOLDS if agrees else Verdict.FAILS,
        reason=f"Forward sensitivity falls by a factor of {math.exp(rates[0]):.3f} a step, the "
        f"gradient by {math.exp(rates[1]):.3f}: their exponents differ by {difference:.1%}. Both "
        "are products of the same Jacobians, applied to a column and to a row.",
        figures={
            "forward_exponent": rates[0],
            "backward_exponent": rates[1],
            "relative_difference": difference,
        },
        checks=(Check(text="same exponent within 10%", passed=agrees),),
        pictures=(picture,),
    )


def exponent(log_sizes: Tensor) -> float:
    """Return the slope of logarithmic sizes over the lags, by least squares.

    Args:
        log_sizes: Logarithm of the size at each lag, (lags).

    Example:
        >>> round(exponent(torch.tensor([0.0, -0.5, -1.0, -1.5])), 6)
        -0.5
    """
    lags = torch.arange(len(log_sizes), dtype=torch.float64)
    centred = lags - lags.mean()
    return ((centred * log_sizes.double()).sum() / (centred**2).sum()).item()


@torch.no_grad()
def _states(cell: ElmanCell, inputs: Tensor) -> list[Tensor]:
    state, states = cell.initial_state(1), []
    for each in inputs:
        hidden, state = cell.step(each, state)
        states.append(hidden)
    return states


@torch.no_grad()
def _forward(cell: ElmanCell, inputs: Tensor, states: list[Tensor], at: int) -> Tensor:
    """Return how far the state k steps later moves when h[at] is moved a little, by k."""
    direction = torch.randn(1, _HIDDEN, dtype=torch.float64)
    state = ElmanState(hidden_state=states[at] + _PERTURBATION * direction / direction.norm())
    sizes = [1.0]
    for lag in range(1, _LAGS + 1):
        hidden, state = cell.step(inputs[at + lag], state)
        sizes.append((hidden - states[at + lag]).norm().item() / _PERTURBATION)
    return torch.tensor(sizes, dtype=torch.float64)


def _backward(cell: ElmanCell, inputs: Tensor, states: list[Tensor], at: int) -> Tensor:
    """Return the norm of the gradient of a random loss at the end with respect to h, by lag."""
    hidden = states[at].clone().requires_grad_()
    path, state = [hidden], ElmanState(hidden_state=hidden)
    for lag in range(1, _LAGS + 1):
        outputs, state = cell.step(inputs[at + lag], state)
        path.append(outputs)
    direction = torch.randn(1, _HIDDEN, dtype=torch.float64)
    gradients = torch.autograd.grad((path[-1] * direction / direction.norm()).sum(), path)
    return torch.stack([gradient.norm() for gradient in reversed(gradients)])


CLAIM = Claim(
    id="C23",
    name="both-directions",
    statement="The information about a word decays on its way forward through the states as the "
    "gradient decays in back-propagation.",
    sources=(
        Source(lecture="lecture-001", place="The information decay problem"),
        Source(lecture="lecture-003", place="Exploding/vanishing gradient"),
    ),
    method="In three random tanh networks in float64 a state is moved by 1e-6 and the change of "
    "later states is followed; and the gradient of a loss is followed back over the same steps. "
    "Exponents are fitted to geometric means over 24 positions.",
    expected="The two exponents agree within 10%.",
    measure=measure,
)
