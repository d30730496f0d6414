"""The estimated size of a model that is fitted by counting n-grams."""

from dataclasses import dataclass

_BYTES_PER_KEY, _BYTES_PER_NUMBER = 8, 4


@dataclass(frozen=True, kw_only=True)
class CountEstimate:
    """Estimated size of an n-gram model, and memory, disk space and time of counting.

    Attributes:
        num_ngrams: Number of n-grams of each order, order 1 first.
        is_counted: Whether the whole text was counted; otherwise the numbers are extrapolated.
        counting_bytes: Peak memory of counting, bytes.
        spilled_bytes: Temporary disk space of counting, bytes.
        seconds: Time of counting and smoothing, seconds.
    """

    num_ngrams: tuple[int, ...]
    is_counted: bool
    counting_bytes: int
    spilled_bytes: int
    seconds: float

    @property
    def num_parameters(self) -> int:
        """Number of probabilities, plus the back-off weights of all orders but the highest."""
        return sum(self.num_ngrams) + sum(self.num_ngrams[:-1])

    @property
    def model_bytes(self) -> int:
        """Size of the model's tables in bytes: the parameters, and the keys from order 2 on."""
        return _BYTES_PER_NUMBER * self.num_parameters + _BYTES_PER_KEY * sum(self.num_ngrams[1:])
