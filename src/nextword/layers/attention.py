"""Attention over the outputs of an encoder: additive, dot and general, with a location bias.

The keys of a source are computed once and used by every query.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from nextword.base import require, require_range
from nextword.tensors import Lengths, Rows

#: Adam moves every parameter at the same rate. The kernel moves faster by this factor, so that a
#: model learns to move by position before it learns to count positions, which works only up to the
#: lengths of the training data.
_LOCATION_GAIN = 40.0
#: Added to priors, so that a position with a prior of 0 can be attended to if its score is high.
_PRIOR_FLOOR = 1e-3

#: How the score of a query and a source position is computed.
AttentionKind = Literal["additive", "dot", "general"]
#: Attention weights or scores, one row per query.
Weights = Float[Tensor, "batch time source"]
Queries = Float[Tensor, "batch time query"]


@dataclass(frozen=True, kw_only=True)
class SourceMemory:
    """The encoded source positions that queries attend to.

    Attributes:
        keys: Vectors that are compared with a query, (batch, source, key_size).
        values: Vectors that are averaged, (batch, source, value_size).
        mask: True at the positions that count, (batch, source).
        priors: How likely each position is looked for, from 0 to 1, by several sources of such
            knowledge, (batch, source, priors); None for none.
        copies: The output that each position can be copied as, (batch, source); None if nothing is
            copied.
    """

    keys: Float[Tensor, "batch source key"]
    values: Float[Tensor, "batch source value"]
    mask: Bool[Tensor, "batch source"]
    priors: Float[Tensor, "batch source priors"] | None = None
    copies: Int64[Tensor, "batch source"] | None = None

    def select(self, rows: Rows) -> "SourceMemory":
        """Return the memory of some rows; a row may be selected more than once.

        Args:
            rows: Indices of rows, (rows).
        """
        return SourceMemory(
            keys=self.keys[rows],
            values=self.values[rows],
            mask=self.mask[rows],
            priors=None if self.priors is None else self.priors[rows],
            copies=None if self.copies is None else self.copies[rows],
        )


class Attention(nn.Module):
    """Average the values of a source, weighted by a softmax over scores.

    With the query q and the value v[s] at the source position s, the score is
    w · tanh(W_q q + W_k v[s] + b) (`additive`), q · v[s] (`dot`) or q · W_k v[s] (`general`).
    A location bias adds 40 Σ_d k[d] a[s - d] to the score, where a are the weights of the previous
    step and k is a learned kernel: attention can then move relative to where it was.

    With priors p_j[s], log(Σ_j c_j p_j[s] + 0.001) is added, where c = softmax(W_p q + b_p): the
    query chooses which of them to follow.

    Args:
        kind: `additive`, `dot` or `general`.
        query_size: Size of a query.
        value_size: Size of a value; equal to `query_size` for `dot`.
        attention_size: Size of the hidden layer of `additive`.
        location_width: Largest distance |d| of the location bias; no bias when 0.
        num_priors: Number of priors.

    Raises:
        ConfigError: The sizes do not fit `dot`, or a size is below its minimum.

    Source: additive [bahdanau2015]; dot and general [luong2015], section 3.1; the location bias is
    the location-based score of [chorowski2015] with a single filter, added to any kind of score.

    Example:
        >>> attention = Attention("general", query_size=4, value_size=6)
        >>> memory = attention.prepare(torch.zeros(2, 5, 6), torch.tensor([5, 2]))
        >>> contexts, weights = attention(torch.zeros(2, 3, 4), memory)
        >>> contexts.shape, weights[1, 0].tolist()
        (torch.Size([2, 3, 6]), [0.5, 0.5, 0.0, 0.0, 0.0])
    """

    def __init__(
        self,
        kind: AttentionKind,
        *,
        query_size: int,
        value_size: int,
        attention_size: int = 128,
        location_width: int = 0,
        num_priors: int = 0,
    ) -> None:
        super().__init__()
        require(
            kind != "dot" or query_size == value_size,
            f"dot attention needs queries and values of the same size, but the decoder has output "
            f"size {query_size} and the encoder {value_size}.",
            help="Use attention general or additive, or make the sizes equal.",
        )
        require_range("attention_size", attention_size, low=1)
        require_range("location_width", location_width, low=0)
        self.kind = kind
        self.location_width = location_width
        if kind == "additive":
            self.key = nn.Linear(value_size, attention_size, bias=False)
            self.query = nn.Linear(query_size, attention_size)
            self.score = nn.Linear(attention_size, 1, bias=False)
        elif kind == "general":
            self.key = nn.Linear(value_size, query_size, bias=False)
        if location_width:
            self.location_kernel = nn.Parameter(torch.zeros(2 * location_width + 1))
        self.prior = nn.Linear(query_size, num_priors) if num_priors else None

    def extra_repr(self) -> str:
        """Return the settings that the submodules do not show."""
        return f"{self.kind}, location_width={self.location_width}"

    def prepare(
        self,
        values: Float[Tensor, "batch source value"],
        lengths: Lengths | None = None,
        *,
        priors: Float[Tensor, "batch source priors"] | None = None,
    ) -> SourceMemory:
        """Compute the keys of a source, once for all queries.

        Args:
            values: The outputs of the encoder, (batch, source, value_size).
            lengths: Number of positions that count in each row, at least 1, (batch); all when None.
            priors: The priors of each position, (batch, source, num_priors); ignored if the
                attention has none.
        """
        steps = torch.arange(values.shape[1], device=values.device)
        if lengths is None:
            mask = torch.ones(values.shape[:2], dtype=torch.bool, device=values.device)
        else:
            mask = steps < lengths[:, None]
        keys = values if self.kind == "dot" else self.key(values)
        return SourceMemory(keys=keys, values=values, mask=mask, priors=priors)

    def forward(
        self, queries: Queries, memory: SourceMemory, *, previous: Weights | None = None
    ) -> tuple[Float[Tensor, "batch time value"], Weights]:
        """Attend to a source.

        Args:
            queries: (batch, time, query_size).
            memory: The source, from `prepare`.
            previous: Weights of the step before each query, (batch, time, source), for the location
                bias; no bias when None.

        Returns:
            The weighted averages of the values, (batch, time, value_size), and the weights,
            (batch, time, source), which are 0 beyond a row's length and sum to 1.
        """
        scores = self._scores(queries, memory.keys)
        if self.location_width and previous is not None:
            scores = scores + self._location_bias(previous)
        if self.prior is not None and memory.priors is not None:
            shares = torch.softmax(self.prior(queries), dim=2)
            prior = shares @ memory.priors.to(shares.dtype).transpose(1, 2)
            scores = scores + torch.log(prior + _PRIOR_FLOOR)
        scores = scores.masked_fill(~memory.mask[:, None], float("-inf"))
        weights = torch.softmax(scores, dim=2)
        return weights.to(memory.values.dtype) @ memory.values, weights

    def _scores(self, queries: Queries, keys: Tensor) -> Weights:
        if self.kind != "additive":
            return queries @ keys.transpose(1, 2)
        hidden = torch.tanh(self.query(queries)[:, :, None] + keys[:, None])
        scores: Tensor = self.score(hidden)
        return scores.squeeze(3)

    def _location_bias(self, previous: Weights) -> Weights:
        batch_size, num_steps, num_positions = previous.shape
        rows = previous.reshape(batch_size * num_steps, 1, num_positions)
        # conv1d correlates; the flipped kernel makes entry width + d the weight of a[s - d].
        kernel = _LOCATION_GAIN * self.location_kernel.flip(0)[None, None]
        bias = functional.conv1d(rows, kernel.to(rows.dtype), padding=self.location_width)
        return bias.view(batch_size, num_steps, num_positions)
