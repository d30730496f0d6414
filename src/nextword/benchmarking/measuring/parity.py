"""The check before the clock: a case whose numbers are wrong is not reported."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from nextword.base import BenchmarkError, Values

#: Relative L2 distance from the float64 reference that is allowed with each dtype.
LIMITS: Mapping[torch.dtype, float] = {torch.float32: 1e-5, torch.bfloat16: 2e-2}


@dataclass(frozen=True, kw_only=True)
class Parity:
    """How far from the reference the worst quantity is.

    Attributes:
        quantity: Which one, such as `outputs` or `gradient of weight_hh`.
        distance: Relative L2 distance.
        limit: What it may be.
    """

    quantity: str
    distance: float
    limit: float

    def to_dict(self) -> Values:
        """Return the fields for JSON."""
        return asdict(self)


def check_parity(
    actual: Mapping[str, Tensor], expected: Mapping[str, Tensor], *, precision: torch.dtype
) -> Parity:
    """Compare every quantity with the reference and give the worst one.

    Args:
        actual: What is to be timed gives.
        expected: The same by the reference, in float64.
        precision: What the products of the actual ones were made in.

    Raises:
        BenchmarkError: A quantity is further away than the dtype explains.
    """
    limit = LIMITS[precision]
    distances = {name: _distance(actual[name], tensor) for name, tensor in expected.items()}
    # Not a number is worse than any number.
    worst = max(distances, key=lambda name: (distances[name] != distances[name], distances[name]))
    parity = Parity(quantity=worst, distance=distances[worst], limit=limit)
    if not parity.distance <= limit:
        raise BenchmarkError(
            f"{worst}: the distance from the float64 reference is {parity.distance:.1e} of its "
            f"norm; {limit:.0e} is allowed in {str(precision).removeprefix('torch.')}.",
            help="A wrong result has no speed. Run the tests of nextword and of its kernels.",
        )
    return parity


def _distance(actual: Tensor, expected: Tensor) -> float:
    actual, expected = actual.detach().double(), expected.detach().double()
    norm, distance = expected.norm(), (actual - expected).norm()
    # Where nothing is expected, everything is too much.
    return float(distance / norm) if norm > 0.0 else float(distance)
