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
    """A property that every language model must have, and how to measure it.

    Attributes:
        name: Name of the check.
        claim: The property, as one sentence for the report.
        measure: Returns the size of the violation; 0 if the property holds exactly.
        unit: Unit of that figure.
        is_exact: Whether any figure above 0 fails. Otherwise rounding errors are allowed.
        explain: Returns details of a failure; None if there are none to add.
    """

    name: str
    claim: str
    measure: Callable[[Subject], float]
    unit: str = "nats"
    is_exact: bool = False
    explain: Callable[[Subject], str] | None = None

    def limit(self, dtype: torch.dtype) -> float:
        """Return the largest figure that passes for a model whose scores have this dtype."""
        return 0.0 if self.is_exact else rounding(dtype)


def rounding(dtype: torch.dtype) -> float:
    """Return the largest difference between two scores that rounding can explain, in nats.

    The order of summation changes with the batch size and with how a text is cut into calls. In
    float32, LSTMs with 200 and 650 units and vocabularies of 10,000 and 33,278 words differ by
    1e-6 nats with initial weights, and by 5e-5 nats with all weights multiplied by 8, which makes
    them sharper than trained ones. The limit of 1e-3 is above both. An error below that limit
    changes a perplexity by at most one part in a thousand.

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
        claim="nll is minus the target's log-probability, 0 where masked",
        measure=distributions.nll_is_gathered,
    ),
    Check(
        name="future_leak",
        claim="no score depends on later tokens",
        measure=invariances.future_leak,
    ),
    Check(
        name="vocabulary_leak",
        claim="no vocabulary entry comes only from held-out text",
        measure=vocabulary.vocabulary_leak,
        unit="types",
        is_exact=True,
        explain=vocabulary.leaked_types,
    ),
    Check(
        name="round_trip",
        claim="decoding the tokens returns the text",
        measure=round_trip.round_trip,
        unit="characters",
        is_exact=True,
    ),
    Check(
        name="chunk_invariance",
        claim="scores do not depend on how a text is cut into chunks",
        measure=invariances.chunk_invariance,
    ),
    Check(
        name="batch_invariance",
        claim="scores of a row do not depend on the batch size",
        measure=invariances.batch_invariance,
    ),
    Check(
        name="row_order_invariance",
        claim="scores do not depend on the order of the rows",
        measure=invariances.row_order_invariance,
    ),
    Check(
        name="padding_invariance",
        claim="padding after a row has no effect",
        measure=invariances.padding_invariance,
    ),
    Check(
        name="left_padding_invariance",
        claim="padding before a row, followed by a reset, has no effect",
        measure=invariances.left_padding_invariance,
    ),
    Check(
        name="advance",
        claim="advance() and next_log_probs() return the same state",
        measure=states.advance,
    ),
    Check(
        name="state_select",
        claim="selecting rows of a state keeps their scores",
        measure=states.state_select,
    ),
    Check(
        name="state_reset",
        claim="reset rows equal the initial state, other rows are kept",
        measure=states.state_reset,
    ),
    Check(
        name="state_concatenate",
        claim="concatenating states keeps the scores of their rows",
        measure=states.state_concatenate,
    ),
    Check(
        name="state_fork",
        claim="a model does not modify a state that it is given",
        measure=states.state_fork,
    ),
    Check(
        name="state_bytes",
        claim="a serialized and deserialized state gives the same scores",
        measure=states.state_bytes,
    ),
    Check(
        name="save_and_load",
        claim="a saved and loaded model gives the same scores",
        measure=distributions.save_and_load,
    ),
)
