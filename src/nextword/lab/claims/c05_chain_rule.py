"""C5: the chain rule for functions of several variables."""

import torch

from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.workbench import Workbench

_TIMES = (-3.0, -0.5, 0.0, 0.25, 1.0, 7.0)
_LIMIT = 1e-12


def measure(bench: Workbench) -> Finding:
    """Compute df/dt in three ways at several t."""
    rows = []
    for time in _TIMES:
        t = torch.tensor(time, dtype=torch.float64, requires_grad=True)
        x, y = t**2, t - 1
        (automatic,) = torch.autograd.grad(3 * x + y**2, t)
        # ∂f/∂x · dx/dt + ∂f/∂y · dy/dt
        formula = 3.0 * (2 * time) + 2 * (time - 1) * 1.0
        rows.append((8 * time - 2, formula, automatic.item()))
    difference = max(max(row) - min(row) for row in rows)
    agrees = difference <= _LIMIT
    return Finding(
        verdict=Verdict.HOLDS if agrees else Verdict.FAILS,
        reason=f"The three differ by at most {difference:.1g} at {len(_TIMES)} values of t.",
        figures={
            "t": list(_TIMES),
            "by_hand": [row[0] for row in rows],
            "by_formula": [row[1] for row in rows],
            "by_autograd": [row[2] for row in rows],
            "largest_difference": difference,
        },
        checks=(Check(text="the three agree to 1e-12", passed=agrees),),
    )


CLAIM = Claim(
    id="C5",
    name="chain-rule",
    statement="For f = 3x + y² with x = t² and y = t - 1, the derivative of f with respect to t is "
    "the sum of the paths through x and through y, which is 8t - 2.",
    sources=(Source(lecture="lecture-004", place="Multivariable chain rule"),),
    method="The derivative is computed at six values of t: from 8t - 2, as the sum over the two "
    "paths, and by autograd.",
    expected="The three results agree to 1e-12.",
    measure=measure,
)
