"""Check of results against a float64 reference. A case with wrong results is not reported."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from nextword.base import BenchmarkError, Values

#: Largest allowed relative L2 distance from the float64 reference, by dtype.
LIMITS: Mapping[torch.dtype, float] = {torch.float32: 1e-5, torch.bfloat16: 2e-2}


@dataclass(frozen=True, kw_only=True)
class Parity:
    """The quantity with the largest distance from the reference.

    Attributes:
        quantity: Name of the quantity, such as `outputs` or `gradient of weight_hh`.
        distance: Relative L2 distance; for n-grams, the largest relative difference.
        limit: Largest allowed distance.
        reference: What the quantity is compared with: `float64`, or the name of a program.
    """

    quantity: str
    distance: float
    limit: float
    reference: str = "float64"

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return asdict(self)


def check_parity(
    actual: Mapping[str, Tensor], expected: Mapping[str, Tensor], *, precision: torch.dtype
) -> Parity:
    """Compare every quantity with the reference, and return the one with the largest distance.

    Args:
        actual: Results of the implementation that will be timed, by name.
        expected: Results of the reference in float64, by name.
        precision: dtype of the implementation's matrix products.

    Raises:
        BenchmarkError: A distance is above the limit for that dtype.
    """
    limit = LIMITS[precision]
    distances = {name: _distance(actual[name], tensor) for name, tensor in expected.items()}
    # NaN counts as larger than any number.
    worst = max(distances, key=lambda name: (distances[name] != distances[name], distances[name]))
    parity = Parity(quantity=worst, distance=distances[worst], limit=limit)
    if not parity.distance <= limit:
        raise BenchmarkError(
            f"{worst}: the relative distance from the float64 reference is {parity.distance:.1e}; "
            f"{limit:.0e} is allowed in {str(precision).removeprefix('torch.')}.",
            help="The results are wrong. Run the tests of nextword and of its kernels.",
        )
    return parity


def _distance(actual: Tensor, expected: Tensor) -> float:
    actual, expected = actual.detach().double(), expected.detach().double()
    norm, distance = expected.norm(), (actual - expected).norm()
    # If the reference is 0, the absolute distance is used.
    return float(distance / norm) if norm > 0.0 else float(distance)
