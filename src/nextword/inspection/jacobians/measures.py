"""What Jacobians say about a layer: singular values, spectral radii, bounds, Lyapunov exponents."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from nextword.base import Values
from nextword.cells import AnyCell, ElmanCell, ElmanPreactivationCell, LinearCell
from nextword.inspection.jacobians.steps import LayerJacobians
from nextword.inspection.rows import evenly_spaced
from nextword.inspection.steps import RecurrentLayer

#: Largest slope of each nonlinearity of the Elman cells.
_LARGEST_SLOPES = {"tanh": 1.0, "relu": 1.0, "sigmoid": 0.25}
#: Steps at the start of a text over which the vectors of the QR method turn to their directions.
_WARM_UP_SHARE = 0.1
_NUM_EXPONENTS = 8
_NUM_VALUES = 64
#: Stands for the logarithm of a singular value of 0.
_SMALLEST = 1e-300


@dataclass(frozen=True, kw_only=True)
class ProductSpread:
    """Singular values of dh[t]/dh[t-k] for one k, averaged over windows by their logarithm.

    Attributes:
        lag: k, the number of steps.
        largest: The largest singular value.
        median: The median singular value.
        smallest: The smallest singular value.
    """

    lag: int
    largest: float
    median: float
    smallest: float


@dataclass(frozen=True, kw_only=True)
class RecurrentMatrix:
    """A square block of a layer's recurrent matrix.

    Attributes:
        name: The gate that it belongs to; `weight_hh` where a cell has no gates.
        spectral_radius: Largest absolute eigenvalue.
        norm: Largest singular value.
    """

    name: str
    spectral_radius: float
    norm: float


@dataclass(frozen=True, kw_only=True)
class LayerSpectrum:
    """The measures of one layer.

    Attributes:
        layer: Number of the layer, from 1.
        cell: Name of the cell's class.
        num_steps: Number of steps measured.
        state_size: Size of the whole state.
        singular_values: Singular values of the step Jacobians, largest first, each averaged over
            the steps; at most 64 of them, evenly spaced.
        step_norms: Largest singular value of the Jacobian of each step.
        spectral_radii: Largest absolute eigenvalue of the Jacobian, for some steps.
        bound: max |sigma'| times the norm of W, which no step Jacobian of an Elman or linear cell
            exceeds; None for other cells.
        products: Singular values of products of k consecutive Jacobians.
        exponents: The largest Lyapunov exponents, in nats per step, largest first.
        matrices: Blocks of the recurrent matrix; empty where it is not square.
    """

    layer: int
    cell: str
    num_steps: int
    state_size: int
    singular_values: tuple[float, ...]
    step_norms: tuple[float, ...]
    spectral_radii: tuple[float, ...]
    bound: float | None
    products: tuple[ProductSpread, ...]
    exponents: tuple[float, ...]
    matrices: tuple[RecurrentMatrix, ...]

    @property
    def largest_norm(self) -> float:
        """Largest singular value of any step Jacobian."""
        return max(self.step_norms)

    @property
    def largest_exponent(self) -> float:
        """The largest Lyapunov exponent, in nats per step."""
        return self.exponents[0]

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return {**asdict(self), "largest_norm": self.largest_norm}


def layer_spectrum(
    jacobians: LayerJacobians, layer: RecurrentLayer, *, lags: Sequence[int], num_radii: int = 8
) -> LayerSpectrum:
    """Measure the Jacobians of a layer.

    Args:
        jacobians: Jacobians of consecutive steps.
        layer: The layer that they belong to.
        lags: Numbers of steps k of the products, each at most the number of steps.
        num_radii: Number of steps whose eigenvalues are computed.
    """
    steps = jacobians.steps
    values = torch.linalg.svdvals(steps)
    chosen = steps[:: max(1, len(steps) // num_radii)][:num_radii]
    mean = values.mean(dim=0)
    shown = evenly_spaced(0, len(mean), number=_NUM_VALUES)
    return LayerSpectrum(
        layer=jacobians.layer,
        cell=jacobians.cell,
        num_steps=len(steps),
        state_size=steps.shape[1],
        singular_values=tuple(mean[shown].tolist()),
        step_norms=tuple(values[:, 0].tolist()),
        spectral_radii=tuple(torch.linalg.eigvals(chosen).abs().amax(dim=1).tolist()),
        bound=step_bound(layer),
        products=product_spreads(steps, lags=lags),
        exponents=lyapunov_exponents(steps),
        matrices=recurrent_matrices(layer.cell),
    )


def lyapunov_exponents(
    steps: Float[Tensor, "steps state state"], *, num_exponents: int = _NUM_EXPONENTS
) -> tuple[float, ...]:
    """Estimate the largest Lyapunov exponents of a sequence of Jacobians by the QR method.

    Orthogonal vectors are multiplied by one Jacobian after another and made orthogonal again; the
    exponents are the mean logarithms of the factors by which they are stretched.

    Args:
        steps: Jacobians of consecutive steps, oldest first.
        num_exponents: Number of exponents.

    Returns:
        Exponents in nats per step, largest first; -inf for a direction that is mapped to zero.

    Source: [vogt2022].

    Example:
        >>> steps = torch.diag(torch.tensor([0.5, 2.0]).double()).expand(50, 2, 2)
        >>> [round(exponent, 4) for exponent in lyapunov_exponents(steps)]
        [0.6931, -0.6931]
    """
    width = steps.shape[1]
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(width, min(width, num_exponents), dtype=steps.dtype, generator=generator)
    vectors, _ = torch.linalg.qr(start)
    skipped = int(_WARM_UP_SHARE * len(steps))
    sums, number = torch.zeros(vectors.shape[1], dtype=steps.dtype), 0
    for index, jacobian in enumerate(steps):
        vectors, triangle = torch.linalg.qr(jacobian @ vectors)
        if index >= skipped:
            sums += triangle.diagonal().abs().log()
            number += 1
    return tuple(sorted((sums / max(1, number)).tolist(), reverse=True))


def product_spreads(
    steps: Float[Tensor, "steps state state"], *, lags: Sequence[int]
) -> tuple[ProductSpread, ...]:
    """Return singular values of products of consecutive Jacobians, newest first.

    Windows do not overlap; their singular values are averaged by the logarithm.

    Args:
        steps: Jacobians of consecutive steps, oldest first.
        lags: Numbers of factors, each at most the number of steps.
    """
    largest = max(lags)
    logs: dict[int, list[list[float]]] = {lag: [] for lag in lags}
    for start in range(0, len(steps) - largest + 1, largest):
        product = torch.eye(steps.shape[1], dtype=steps.dtype)
        for lag in range(1, largest + 1):
            product = steps[start + lag - 1] @ product
            if lag in logs:
                values = torch.linalg.svdvals(product)
                spread = (values[0], values.median(), values[-1])
                logs[lag].append([math.log(max(float(value), _SMALLEST)) for value in spread])
    return tuple(
        ProductSpread(
            lag=lag,
            largest=_mean_exp(row[0] for row in rows),
            median=_mean_exp(row[1] for row in rows),
            smallest=_mean_exp(row[2] for row in rows),
        )
        for lag, rows in logs.items()
    )


def _mean_exp(logs: Iterable[float]) -> float:
    values = list(logs)
    return math.exp(sum(values) / len(values))


def step_bound(layer: RecurrentLayer) -> float | None:
    """Return max |sigma'| times the norm of the recurrent matrix, for Elman and linear cells.

    The Jacobian of a step is diag(sigma') W, or W diag(sigma') for the pre-activation cell, so
    that no step stretches a vector by more than this. Zoneout mixes it with the identity.

    Args:
        layer: A layer with a cell of any kind.

    Returns:
        The bound; None for other cells, whose Jacobians have other factors.

    Source: [pascanu2013].
    """
    cell = layer.cell
    if isinstance(cell, ElmanCell | ElmanPreactivationCell):
        slope = _LARGEST_SLOPES[cell.nonlinearity]
    elif isinstance(cell, LinearCell):
        slope = 1.0
    else:
        return None
    weight = cell.get_parameter("weight_hh").detach().cpu().double()
    bound = slope * float(torch.linalg.matrix_norm(weight, ord=2))
    held = float(layer.noise.held[0].max()) if layer.noise.held else 0.0
    return (1.0 - held) * bound + held


def recurrent_matrices(cell: AnyCell) -> tuple[RecurrentMatrix, ...]:
    """Return spectral radius and norm of each square block of the recurrent matrix.

    Args:
        cell: A cell of any kind.
    """
    if not cell.has_recurrent_matrix:
        return ()
    weight = cell.get_parameter("weight_hh").detach().cpu().double()
    size = weight.shape[1]
    if weight.shape[0] % size:
        return ()
    blocks = torch.split(weight, size)
    names = gate_names(cell) if len(blocks) > 1 else ("weight_hh",)
    if len(names) != len(blocks):
        names = tuple(f"weight_hh {number}" for number in range(1, len(blocks) + 1))
    return tuple(
        RecurrentMatrix(
            name=name,
            spectral_radius=float(torch.linalg.eigvals(block).abs().max()),
            norm=float(torch.linalg.matrix_norm(block, ord=2)),
        )
        for name, block in zip(names, blocks, strict=True)
    )


def gate_names(cell: AnyCell) -> tuple[str, ...]:
    """Return the names of a cell's gates, in the order of its weights.

    Args:
        cell: A cell of any kind.
    """
    like = next(cell.parameters())
    with torch.no_grad():
        _, _, gates = cell.traced_step(like.new_zeros(1, cell.input_size), cell.initial_state(1))
    return tuple(gates)
