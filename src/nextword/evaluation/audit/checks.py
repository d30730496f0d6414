"""The table of all checks: name, claim, measure, limit."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from nextword.evaluation.audit import (
    distributions,
    invariances,
    round_trip,
    states,
    vocabulary,
)
from nextword.evaluation.audit.subject import Subject

_ROUNDING_FLOAT64 = 1e-9
_ROUNDING_FLOAT32 = 1e-3


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that must hold of every language model.

    Attributes:
        name: Its name.
        claim: What must hold, for people.
        measure: Gives a figure, 0 where the claim holds exactly.
        unit: Of the figure.
        is_exact: Whether anything above 0 fails; else rounding is allowed for.
        explain: Says more of a failure, None where the figure says all.
    """

    name: str
    claim: str
    measure: Callable[[Subject], float]
    unit: str = "nats"
    is_exact: bool = False
    explain: Callable[[Subject], str] | None = None

    def limit(self, dtype: torch.dtype) -> float:
        """Give what the figure may be at most for a model that scores in this precision."""
        return 0.0 if self.is_exact else rounding(dtype)


def rounding(dtype: torch.dtype) -> float:
    """Give up to what scores may differ that are equal but for rounding, nats.

    Other batch sizes and calls mean other orders of summation. In float32, LSTMs of 200 and 650
    units over 10,000 and 33,278 words differ by 1e-6 nats with new weights and by 5e-5 with all
    weights eightfold, which are sharper than trained ones. 1e-3 leaves room above that, and what
    hides below it moves a perplexity by a thousandth at most. In float64 nothing hides.

    Example:
        >>> rounding(torch.float32), rounding(torch.float64)
        (0.001, 1e-09)
    """
    return _ROUNDING_FLOAT64 if dtype == torch.float64 else _ROUNDING_FLOAT32


CHECKS = (
    Check(
        name="sums_to_one",
        claim="the probabilities of the next token sum to one",
        measure=distributions.sums_to_one,
        unit="",
    ),
    Check(
        name="never_ids",
        claim="<pad> and <s> are never predicted",
        measure=distributions.never_ids,
        unit="ids",
        is_exact=True,
    ),
    Check(
        name="nll_is_gathered",
        claim="a target's score is its log-probability, 0 where masked",
        measure=distributions.nll_is_gathered,
    ),
    Check(
        name="future_leak",
        claim="what comes later changes no earlier score",
        measure=invariances.future_leak,
    ),
    Check(
        name="vocabulary_leak",
        claim="no type was learnt from held-out text",
        measure=vocabulary.vocabulary_leak,
        unit="types",
        is_exact=True,
        explain=vocabulary.leaked_types,
    ),
    Check(
        name="round_trip",
        claim="the tokens give back the text",
        measure=round_trip.round_trip,
        unit="characters",
        is_exact=True,
    ),
    Check(
        name="chunk_invariance",
        claim="whole, in chunks or token by token is the same",
        measure=invariances.chunk_invariance,
    ),
    Check(
        name="batch_invariance",
        claim="a row scores alone as beside others",
        measure=invariances.batch_invariance,
    ),
    Check(
        name="row_order_invariance",
        claim="the order of the rows changes nothing",
        measure=invariances.row_order_invariance,
    ),
    Check(
        name="padding_invariance",
        claim="steps beyond a row's length change nothing",
        measure=invariances.padding_invariance,
    ),
    Check(
        name="left_padding_invariance",
        claim="rows that read other things and were reset are as new",
        measure=invariances.left_padding_invariance,
    ),
    Check(
        name="advance",
        claim="reading without scoring leads to the same state",
        measure=states.advance,
    ),
    Check(
        name="state_select",
        claim="selected rows go on as they would have",
        measure=states.state_select,
    ),
    Check(
        name="state_reset",
        claim="reset rows are as new, the others go on",
        measure=states.state_reset,
    ),
    Check(
        name="state_concatenate",
        claim="rows put together go on as they would have",
        measure=states.state_concatenate,
    ),
    Check(
        name="state_fork",
        claim="reading on from a state leaves it as it was",
        measure=states.state_fork,
    ),
    Check(
        name="state_bytes",
        claim="a state survives being written and read",
        measure=states.state_bytes,
    ),
    Check(
        name="save_and_load",
        claim="the model survives being saved and loaded",
        measure=distributions.save_and_load,
    ),
)
