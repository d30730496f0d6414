"""Scheduled sampling: the model reads its own samples in training instead of the true tokens."""

import torch

from nextword.models import NeuralLanguageModel, State
from nextword.tensors import Lengths, LogProbs, TokenIds


@torch.no_grad()
def free_running_ids(
    model: NeuralLanguageModel,
    token_ids: TokenIds,
    *,
    state: State,
    lengths: Lengths | None,
    probability: float,
) -> TokenIds:
    """Replace some of the ids of a window by samples from the model.

    The first id of a window is always the true one. Sampling is not differentiated: the loss of the
    window is computed afterwards, from the returned ids.

    Args:
        model: The model.
        token_ids: The true ids, (batch, time).
        state: The state before them.
        lengths: Number of valid steps in each row, (batch); all when None.
        probability: Probability that an id is replaced, for each step and row; 1 is free running.

    Returns:
        The ids to read, (batch, time).

    Source: lecture 000, the two paradigms; Bengio et al. (2015), scheduled sampling.
    """
    read = token_ids[:, :1]
    for time in range(1, token_ids.shape[1]):
        step_lengths = None if lengths is None else (time - 1 < lengths).long()
        log_probs, state = model.next_log_probs(read[:, -1:], state, step_lengths)
        true_ids = token_ids[:, time : time + 1]
        is_own = torch.rand(true_ids.shape, device=true_ids.device) < probability
        read = torch.cat([read, torch.where(is_own, _samples(log_probs), true_ids)], dim=1)
    return read


def _samples(log_probs: LogProbs) -> TokenIds:
    """Sample the next id of each row, (batch, 1)."""
    probs = log_probs[:, -1].exp()
    # If training diverges, any id is valid here, because the loss is not finite either.
    is_finite = probs.isfinite().all(dim=1, keepdim=True)
    return torch.multinomial(probs.where(is_finite, torch.ones_like(probs)), 1)
