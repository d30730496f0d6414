"""C8: eigenvalues of W_h below 1 make gradients vanish, above 1 they explode."""

import math

import torch
from torch import Tensor

from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.tools import draw_curves
from nextword.lab.workbench import Workbench

_SIZE, _LONG = 20, 500
_RADII = (0.9, 1.1)
_LIMIT = 0.02
_LAGS = 60


def measure(bench: Workbench) -> Finding:
    """Compare powers of matrices with the powers of their spectral radius."""
    base = torch.randn(_SIZE, _SIZE, dtype=torch.float64)
    errors, curves = {}, {}
    for radius in _RADII:
        weight = base * (radius / _spectral_radius(base))
        errors[radius] = abs(log_norm_of_power(weight, _LONG) / _LONG - math.log(radius))
        norms = [math.exp(log_norm_of_power(weight, lag)) for lag in range(_LAGS + 1)]
        curves[f"linear, radius {radius}"] = (range(_LAGS + 1), norms)
    orthogonal, _ = torch.linalg.qr(base)
    sigmoid = _sigmoid_norms(2.0 * orthogonal)
    curves["sigmoid, radius 2"] = (range(_LAGS + 1), sigmoid)
    picture = draw_curves(
        curves,
        bench.pictures / "c08.png",
        title="‖dh[t]/dh[t-k]‖ by lag",
        labels=("lag k", "spectral norm"),
        log_y=True,
        guides={"1": 1.0},
    )
    linear_holds = max(errors.values()) <= _LIMIT
    vanishes = sigmoid[-1] < 1e-6
    return Finding(
        verdict=Verdict.PARTLY if linear_holds and vanishes else Verdict.FAILS,
        reason=f"Exact for a linear network: the rate differs from log ρ by at most "
        f"{max(errors.values()):.4f}. With a sigmoid the outcome is similar only below 1: with all "
        f"singular values and the spectral radius at 2 the gradient still vanishes "
        f"({sigmoid[-1]:.0e} at lag {_LAGS}), because every step has a factor of at most 0.25 · 2.",
        figures={
            "rate_error": {str(radius): error for radius, error in errors.items()},
            "sigmoid_norm_at_lag_60": sigmoid[-1],
            "sigmoid_spectral_radius": _spectral_radius(2.0 * orthogonal),
        },
        checks=(
            Check(text="abs(log‖W^500‖/500 - log ρ) <= 0.02 for ρ = 0.9, 1.1", passed=linear_holds),
            Check(text="a sigmoid network with ‖W_h‖ = 2 still vanishes", passed=vanishes),
        ),
        pictures=(picture,),
    )


def _spectral_radius(matrix: Tensor) -> float:
    radius: float = torch.linalg.eigvals(matrix).abs().max().item()
    return radius


def log_norm_of_power(matrix: Tensor, power: int) -> float:
    """Return log ‖W^ξ‖, computed without overflow.

    Args:
        matrix: W.
        power: ξ.
    """
    product, total = torch.eye(len(matrix), dtype=matrix.dtype), 0.0
    for _ in range(power):
        product = product @ matrix
        scale = torch.linalg.matrix_norm(product).item()
        product, total = product / scale, total + math.log(scale)
    return total + math.log(torch.linalg.matrix_norm(product, 2).item())


def _sigmoid_norms(weight_h: Tensor) -> list[float]:
    hidden = torch.rand(_SIZE, dtype=torch.float64)
    # Inputs that keep the sums before the sigmoid near 0, where its slope is largest.
    bias = -weight_h.sum(1) / 2
    product, norms = torch.eye(_SIZE, dtype=torch.float64), [1.0]
    for _ in range(_LAGS):
        noise = 0.1 * torch.randn(_SIZE, dtype=torch.float64)
        hidden = torch.sigmoid(weight_h @ hidden + bias + noise)
        product = ((hidden * (1 - hidden))[:, None] * weight_h) @ product
        norms.append(torch.linalg.matrix_norm(product, 2).item())
    return norms


CLAIM = Claim(
    id="C8",
    name="eigenvalues",
    statement="If the eigenvalues of W_h are below 1 the gradient becomes exponentially smaller "
    "with the number of steps, if they are above 1 it explodes; an activation function does not "
    "change the outcome much.",
    sources=(
        Source(lecture="lecture-000", place="Back-propagation through time"),
        Source(lecture="lecture-004", place="Vanishing (or exploding) gradients - Proof intuition"),
    ),
    method="Norms of powers of a random 20 x 20 matrix, scaled to the spectral radii 0.9 and 1.1; "
    "and the product of Jacobians of a sigmoid network whose W_h is 2 times an orthogonal matrix.",
    expected="abs(log‖W^ξ‖/ξ - log ρ) <= 0.02 at ξ = 500 for ρ = 0.9 and 1.1; with a sigmoid and "
    "‖W_h‖ = 2 the gradient still vanishes, so the claim holds partly.",
    measure=measure,
)
