"""The automatic choice of an output head, with its reason."""

from dataclasses import dataclass

#: From this vocabulary size on, the full softmax takes most of a step, and most of its weights get
#: too few updates to be learnt.
_MIN_ADAPTIVE_VOCAB = 100_000
#: A score and its gradient take 8 bytes, so this is 1 GiB.
_MAX_FULL_SCORES = 2**27


@dataclass(frozen=True, kw_only=True)
class OutputChoice:
    """A chosen output head.

    Attributes:
        kind: Its name in `output.kind`.
        reason: The reason, as a clause after "because".
    """

    kind: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind}, because {self.reason}"


def choose_output(*, vocab_size: int, num_positions: int) -> OutputChoice:
    """Choose between the full, the chunked and the adaptive softmax.

    The sampled softmax is never chosen automatically, because its training loss is an estimate.

    Args:
        vocab_size: Number of words.
        num_positions: Positions that a training step scores at once; 0 without training.

    Example:
        >>> print(choose_output(vocab_size=10_000, num_positions=700))
        full, because the scores of 10,000 words at 700 positions fit in 53 MiB
    """
    if vocab_size >= _MIN_ADAPTIVE_VOCAB:
        return OutputChoice(
            kind="adaptive",
            reason=f"with {vocab_size:,} words most are rare: scoring each of them at every "
            "position would take most of the time",
        )
    num_scores = num_positions * vocab_size
    size = f"{num_scores * 8 / 2**20:,.0f} MiB"
    scores = f"the scores of {vocab_size:,} words at {num_positions:,} positions"
    if num_scores > _MAX_FULL_SCORES:
        return OutputChoice(kind="chunked", reason=f"{scores} would take {size} at once")
    return OutputChoice(kind="full", reason=f"{scores} fit in {size}")
