"""Entropy and rank of every token of rows of ids. Uses ids only, no text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor

from nextword.models import LanguageModel, State, inference
from nextword.tensors import Lengths, LogProbs, TokenIds

#: Probabilities that are in memory at once (64 MiB in float64).
_MAX_PROBABILITIES = 1 << 23


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenFigures:
    """Figures of the tokens of one row.

    Attributes:
        entropies: Entropy of the distribution of each token, (num_tokens), in nats.
        ranks: 1 + the number of more probable tokens, (num_tokens).
        blanks: -log P(a token that begins with white space or ends the line) before each token,
            (num_tokens), in nats.
    """

    entropies: Float64[np.ndarray, " num_tokens"]
    ranks: Int64[np.ndarray, " num_tokens"]
    blanks: Float64[np.ndarray, " num_tokens"]


def token_figures(
    model: LanguageModel,
    rows: Sequence[Int64[np.ndarray, " _num_tokens"]],
    *,
    is_blank: Bool[np.ndarray, " vocab"],
    state: State | None = None,
    before: int | None = None,
) -> tuple[list[TokenFigures], State]:
    """Return the figures of the tokens of rows.

    Args:
        model: The model.
        rows: Ids of each row, at least one row.
        is_blank: Whether each token begins with white space or ends a line, (vocab).
        state: State before the rows, whose last token `before` has not been read; the initial
            state when None.
        before: The last token before the rows; the boundary when None.

    Returns:
        The figures of each row, and the state in which the last token of a row is not yet read.

    """
    lengths = np.array([len(row) for row in rows])
    longest = int(lengths.max())
    targets = np.full((len(rows), longest), model.boundary_id)
    targets[np.arange(longest) < lengths[:, None]] = np.concatenate(rows)
    first = np.full((len(rows), 1), model.boundary_id if before is None else before)
    inputs = np.concatenate([first, targets[:, :-1]], axis=1)
    chunk_length = max(1, _MAX_PROBABILITIES // (len(rows) * model.vocab_size))
    blanks = torch.from_numpy(is_blank).to(model.device)
    parts: list[Tensor] = []
    with inference(model):
        state = model.initial_state(len(rows)) if state is None else state
        for start in range(0, longest, chunk_length):
            part = slice(start, start + chunk_length)
            left = np.clip(lengths - start, 0, inputs[:, part].shape[1])
            log_probs, state = model.next_log_probs(
                _ids(inputs[:, part], model), state, _lengths(left, model)
            )
            parts.append(_figures(log_probs, _ids(targets[:, part], model), blanks))
    found = torch.cat(parts, dim=2).cpu().numpy() if parts else np.zeros((3, len(rows), 0))
    figures = [_row(found[:, number, :length]) for number, length in enumerate(lengths)]
    return figures, state


def _figures(log_probs: LogProbs, target_ids: TokenIds, is_blank: Tensor) -> Tensor:
    """Return entropies, ranks and blanks, (3, batch, time)."""
    log_probs = log_probs.double()
    found = log_probs.gather(2, target_ids[..., None])
    entropies = -torch.special.xlogy(log_probs.exp(), log_probs.exp()).sum(2)
    ranks = 1 + (log_probs > found).sum(2)
    blanks = -log_probs.masked_fill(~is_blank, -torch.inf).logsumexp(2)
    return torch.stack([entropies, ranks.double(), blanks])


def _ids(values: Int64[np.ndarray, "batch time"], model: LanguageModel) -> TokenIds:
    return torch.from_numpy(values).to(model.device)


def _lengths(values: Int64[np.ndarray, " batch"], model: LanguageModel) -> Lengths:
    return torch.from_numpy(values).to(model.device)


def _row(values: Float64[np.ndarray, "figures num_tokens"]) -> TokenFigures:
    entropies, ranks, blanks = values
    return TokenFigures(entropies=entropies, ranks=ranks.astype(np.int64), blanks=blanks)
