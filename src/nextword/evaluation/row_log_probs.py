"""Log-probabilities of the tokens of rows of ids, each row from the initial state."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float64, Int64

from nextword.generation import Session
from nextword.models import LanguageModel, default_chunk_length


def row_log_probs(
    model: LanguageModel, rows: Sequence[Int64[np.ndarray, " _num_tokens"]]
) -> list[Float64[np.ndarray, " _num_tokens"]]:
    """Return the log-probabilities of the tokens of each row, in nats.

    Args:
        model: The model.
        rows: Ids of each row, at least one row; longer rows come first.

    Raises:
        DivergedError: The model returns NaN.
    """
    lengths = np.array([len(row) for row in rows])
    is_valid = np.arange(lengths[0]) < lengths[:, None]
    token_ids = np.full(is_valid.shape, model.boundary_id)
    token_ids[is_valid] = np.concatenate(rows)
    chunk_length = default_chunk_length(model, num_rows=len(rows))
    session = Session(model, num_rows=len(rows))
    log_probs = np.zeros(is_valid.shape)
    for start in range(0, len(rows[0]), chunk_length):
        num_busy = int((lengths > start).sum())
        # Rows that have ended are not computed any more.
        if num_busy < session.num_rows:
            session.select(range(num_busy))
        chunk = token_ids[:num_busy, start : start + chunk_length]
        remaining = np.minimum(lengths[:num_busy] - start, chunk.shape[1])
        scores = session.score(torch.from_numpy(chunk), torch.from_numpy(remaining))
        log_probs[:num_busy, start : start + chunk.shape[1]] = scores.numpy()
    return [row[:length] for row, length in zip(log_probs, lengths, strict=True)]
