"""The plan of an n-gram model: number of n-grams, memory and time."""

from dataclasses import asdict, dataclass

from nextword.base import Values
from nextword.families import CountEstimate
from nextword.tokens import TokenStore

_MEBIBYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class NgramPlan:
    """Estimated size, memory and time of an n-gram model.

    Attributes:
        family: `ngram`.
        num_parameters: Number of probabilities and back-off weights.
        vocab_size: Number of token ids.
        num_train_tokens: Number of tokens in the training part.
        num_ngrams: Number of n-grams of each order, order 1 first.
        is_counted: Whether the whole text was counted; otherwise the numbers are extrapolated.
        model_mib: Size of the tables, in MiB.
        counting_mib: Peak memory of counting without the tables, in MiB.
        disk_mib: Temporary disk space of counting, in MiB.
        minutes: Duration of counting and smoothing, without encoding and evaluation.
    """

    family: str
    num_parameters: int
    vocab_size: int
    num_train_tokens: int
    num_ngrams: tuple[int, ...]
    is_counted: bool
    model_mib: float
    counting_mib: float
    disk_mib: float
    minutes: float

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, estimate: CountEstimate, *, family: str, train: TokenStore) -> "NgramPlan":
        """Return the plan of an estimate."""
        return cls(
            family=family,
            num_parameters=estimate.num_parameters,
            vocab_size=estimate.num_ngrams[0],
            num_train_tokens=train.num_tokens,
            num_ngrams=estimate.num_ngrams,
            is_counted=estimate.is_counted,
            model_mib=estimate.model_bytes / _MEBIBYTE,
            counting_mib=estimate.counting_bytes / _MEBIBYTE,
            disk_mib=estimate.spilled_bytes / _MEBIBYTE,
            minutes=estimate.seconds / 60.0,
        )
