"""C7: with a sigmoid, each step multiplies the gradient by at most 0.25 (times W_h)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.tools import draw_curves
from nextword.lab.workbench import Workbench

_HIDDEN, _NUM_STEPS, _NUM_TRIALS, _LAG = 10, 60, 20, 40
_LECTURE_MATRIX = ((0.01, 0.5), (0.03, 0.01))
_POWER = 47


def measure(bench: Workbench) -> Finding:
    """Follow the products of Jacobians of sigmoid networks back over the lags."""
    runs = [
        _jacobian_norms(_with_norm(torch.randn(_HIDDEN, _HIDDEN, dtype=torch.float64), 1.0))
        for _ in range(_NUM_TRIALS)
    ]
    slope_holds = all(run.slopes_within_limit for run in runs)
    norm_holds = all(run.norms_within_limit for run in runs)
    share = max(run.norms[_LAG] for run in runs)
    growing = counterexample_gradient()
    matrix = torch.tensor(_LECTURE_MATRIX, dtype=torch.float64)
    radius = torch.linalg.eigvals(matrix).abs().max().item()
    power_norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(matrix, _POWER), 2).item()
    picture = draw_curves(
        {
            "‖W_h‖ = 1, random": (range(_LAG + 1), runs[0].norms[: _LAG + 1]),
            "W_h = 8 I, b = -4": (range(_LAG + 1), growing),
        },
        bench.pictures / "c07.png",
        title="‖dh[t]/dh[t-k]‖ of sigmoid networks",
        labels=("lag k", "spectral norm"),
        log_y=True,
        guides={"1": 1.0},
    )
    grows = growing[-1] > 1e6
    misleads = power_norm < 1e-30 < 0.5**_POWER
    return Finding(
        verdict=Verdict.PARTLY if slope_holds and norm_holds and grows else Verdict.FAILS,
        reason="σ' is at most 0.25, but the factor of a step is diag(σ') W_h: with W_h = 8 I the "
        f"gradient grows to {growing[-1]:.1e} in {_LAG} steps. For ‖W_h‖ <= 1 it vanishes "
        f"({share:.0e} at lag {_LAG}). Powers of the entries of U say little: 0.5^47 is "
        f"{0.5**_POWER:.0e}, but ‖U^47‖ is {power_norm:.0e}, by its spectral radius {radius:.3f}.",
        figures={
            "largest_slope": max(run.largest_slope for run in runs),
            "largest_share_at_lag_40": share,
            "counterexample_norm_at_lag_40": growing[-1],
            "lecture_matrix_spectral_radius": radius,
            "lecture_matrix_norm_of_power_47": power_norm,
            "0.5^47": 0.5**_POWER,
            "0.01^47": 0.01**_POWER,
        },
        checks=(
            Check(text="the product of k values of σ' is at most 0.25^k", passed=slope_holds),
            Check(text="‖J‖ <= 0.25 ‖W_h‖ at every step", passed=norm_holds),
            Check(text="with W_h = 8 I the gradient grows", passed=grows),
            Check(text="with ‖W_h‖ <= 1, below 1e-20 at lag 40", passed=share < 1e-20),
            Check(text="‖U^47‖ of the lecture's 2 x 2 U is far below 0.5^47", passed=misleads),
        ),
        pictures=(picture,),
    )


def _with_norm(matrix: Tensor, norm: float) -> Tensor:
    """Scale a matrix to a spectral norm."""
    scaled: Tensor = matrix * (norm / torch.linalg.matrix_norm(matrix, 2))
    return scaled


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What a network's Jacobians show: whether the limits hold, the largest σ', norms by lag."""

    slopes_within_limit: bool
    norms_within_limit: bool
    largest_slope: float
    norms: list[float]


def _jacobian_norms(weight_h: Tensor) -> _Run:
    """Run a sigmoid network over random inputs and multiply its Jacobians, newest first."""
    limit = 0.25 * torch.linalg.matrix_norm(weight_h, 2).item() * (1 + 1e-12)
    hidden = torch.rand(_HIDDEN, dtype=torch.float64)
    slopes = []
    for _ in range(_NUM_STEPS):
        inputs = torch.randn(_HIDDEN, dtype=torch.float64)
        hidden = torch.sigmoid(inputs + weight_h @ hidden)
        slopes.append(hidden * (1 - hidden))
    jacobians = [slope[:, None] * weight_h for slope in reversed(slopes)]
    products, shares = torch.ones(_HIDDEN, dtype=torch.float64), [1.0]
    product, within = torch.eye(_HIDDEN, dtype=torch.float64), True
    for lag, (slope, jacobian) in enumerate(zip(reversed(slopes), jacobians, strict=True), start=1):
        products = products * slope
        product = product @ jacobian
        within = within and bool(products.max() <= 0.25**lag)
        shares.append(torch.linalg.matrix_norm(product, 2).item())
    norms = [torch.linalg.matrix_norm(jacobian, 2).item() for jacobian in jacobians]
    return _Run(
        slopes_within_limit=within,
        norms_within_limit=max(norms) <= limit,
        largest_slope=torch.stack(slopes).max().item(),
        norms=shares,
    )


def counterexample_gradient() -> list[float]:
    """Return ‖dh[t]/dh[t-k]‖ by lag k for W_h = 8 I and b = -4, started at h = 0.5.

    There the sum before the sigmoid is 8 · 0.5 - 4 = 0, so σ' is 0.25 and every Jacobian is 2 I.
    """
    hidden, norms = torch.tensor(0.5, dtype=torch.float64), [1.0]
    for _ in range(_LAG):
        hidden = torch.sigmoid(8 * hidden - 4)
        norms.append(norms[-1] * (8 * hidden * (1 - hidden)).item())
    return norms


CLAIM = Claim(
    id="C7",
    name="sigmoid-factor",
    statement="The derivative of the sigmoid is at most 0.25, so back-propagation multiplies the "
    "gradient by at most 0.25 at every step; and entries of U below 1, raised to the 47th power, "
    "show that the gradient of a distant word is nearly 0.",
    sources=(
        Source(lecture="lecture-001", place="Vanishing gradients"),
        Source(lecture="lecture-003", place="Exploding/vanishing gradient, the 47-word example"),
    ),
    method="Products of Jacobians of sigmoid networks in float64: 20 random networks with "
    "‖W_h‖ = 1, the network W_h = 8 I, and the lecture's 2 x 2 matrix.",
    expected="The product of k slopes is at most 0.25^k and ‖J‖ at most 0.25 ‖W_h‖; with W_h = 8 I "
    "the gradient grows; with ‖W_h‖ <= 1 it is below 1e-20 at lag 40; the 47th power of the "
    "lecture's matrix has a norm near 1e-41, far from 0.5^47.",
    measure=measure,
)
