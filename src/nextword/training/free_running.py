"""Feeding a model its own output in training instead of the true token."""

import torch
from torch import Tensor

from nextword.models import NeuralLanguageModel, State
from nextword.tensors import Hidden, Lengths, TokenIds


def free_running_hidden(
    model: NeuralLanguageModel,
    token_ids: TokenIds,
    state: State,
    lengths: Lengths | None,
    *,
    probability: float,
) -> tuple[Hidden, TokenIds, State]:
    """Read a window in which each step, by chance, sees a token the model drew itself.

    The first step of a window always reads the true token. Gradients do not go through the draw.
    Dropout that is locked over a window draws a mask at every step here, for each step is a
    window of its own.

    Args:
        model: The model.
        token_ids: The true ids, (batch, time).
        state: What was read before.
        lengths: Steps that count in each row, (batch); all when None.
        probability: Chance of the model's own token, a step and row; 1 is free running.

    Returns:
        Hidden vectors, (batch, time, hidden), the ids that were read, and the state after them.

    Source: lecture 000, the two paradigms; Bengio et al. (2015), scheduled sampling.
    """
    outputs: list[Tensor] = []
    read: list[Tensor] = []
    before = state
    for time in range(token_ids.shape[1]):
        step_ids = token_ids[:, time : time + 1]
        if outputs:
            own_ids = _drawn(model, outputs[-1], read[-1], before)
            is_own = torch.rand(step_ids.shape, device=step_ids.device) < probability
            step_ids = torch.where(is_own, own_ids, step_ids)
        before = state
        step_lengths = None if lengths is None else (time < lengths).long()
        hidden, state = model.hidden(step_ids, before, step_lengths)
        outputs.append(hidden)
        read.append(step_ids)
    return torch.cat(outputs, dim=1), torch.cat(read, dim=1), state


@torch.no_grad()
def _drawn(model: NeuralLanguageModel, hidden: Hidden, read: TokenIds, before: State) -> TokenIds:
    """Draw the next id of each row from what the model predicts, having read one id."""
    predicted = model.predict(hidden, read, before).exp()[:, -1]
    # Where training diverges any id will do: the loss says so.
    is_sound = predicted.isfinite().all(dim=1, keepdim=True)
    return torch.multinomial(predicted.where(is_sound, torch.ones_like(predicted)), 1)
