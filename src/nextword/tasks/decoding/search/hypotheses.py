"""Targets found by a search, and the history from which they are read."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64, Int64


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """A target found by a search.

    Attributes:
        token_ids: Its tokens without the end token.
        log_prob: log p(target, end token | source) of the model, nats.
        score: What targets are ranked by; see `SearchConfig`.
        is_cut: Whether the target was ended because it reached its maximum length.
        alignment: Attention weights, (tokens + 1, source); the last row is of the end token. None
            if they were not asked for.
    """

    token_ids: tuple[int, ...]
    log_prob: float
    score: float
    is_cut: bool = False
    alignment: Float64[np.ndarray, "time source"] | None = None


@dataclass(kw_only=True)
class History:
    """The tokens of every step of a search, with pointers to the step before.

    Attributes:
        tokens: For each step, the token that each row read, (rows).
        parents: For each step, the row of the step before that each row continues, (rows).
        alignments: For each step, the attention weights of each row, (rows, source); empty if they
            are not kept.
    """

    tokens: list[Int64[np.ndarray, " rows"]] = field(default_factory=list)
    parents: list[Int64[np.ndarray, " rows"]] = field(default_factory=list)
    alignments: list[Float64[np.ndarray, "rows source"]] = field(default_factory=list)

    def target(self, row: int) -> tuple[int, ...]:
        """Return the tokens that a row of the last step has read."""
        token_ids = []
        for tokens, parents in zip(reversed(self.tokens), reversed(self.parents), strict=True):
            token_ids.append(int(tokens[row]))
            row = int(parents[row])
        return tuple(reversed(token_ids))

    def alignment(self, row: int) -> Float64[np.ndarray, "time source"] | None:
        """Return the attention weights of a row of the last step, (time, source)."""
        if not self.alignments:
            return None
        weights = [self.alignments[-1][row]]
        earlier = zip(reversed(self.parents), reversed(self.alignments[:-1]), strict=True)
        for parents, alignments in earlier:
            row = int(parents[row])
            weights.append(alignments[row])
        return np.stack(weights[::-1])
