"""The tokens that generation yields. Knows nothing of models."""

from collections.abc import Callable
from typing import Literal, NamedTuple

FinishReason = Literal["length", "stop"]

#: Called after each token with (sample, token id); returns whether the sample ends with it.
Stop = Callable[[int, int], bool]


class GeneratedToken(NamedTuple):
    """One token of one sample.

    Attributes:
        sample: Index of the sample, from 0.
        token_id: The id.
        log_prob: Log-probability under the distribution of the model, before any filter, in nats.
        finish_reason: `length` (max_tokens reached) or `stop` for the last token of a sample, None
            for the others.
    """

    sample: int
    token_id: int
    log_prob: float
    finish_reason: FinishReason | None
