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
) -> tuple[Hidden, State]:
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
        Hidden vectors, (batch, time, hidden), and the state after reading.

    Source: lecture 000, the two paradigms; Bengio et al. (2015), scheduled sampling.
    """
    outputs: list[Tensor] = []
    for time in range(token_ids.shape[1]):
        step_ids = token_ids[:, time]
        if outputs:
            step_ids = _mixed(model, step_ids, outputs[-1], probability)
        step_lengths = None if lengths is None else (time < lengths).long()
        hidden, state = model.hidden(step_ids[:, None], state, step_lengths)
        outputs.append(hidden)
    return torch.cat(outputs, dim=1), state


def _mixed(
    model: NeuralLanguageModel, true_ids: Tensor, hidden: Tensor, probability: float
) -> Tensor:
    """Replace true ids, by chance, with draws from what the model predicted."""
    with torch.no_grad():
        predicted = model.output.log_probs(hidden[:, -1]).exp()
        drawn = torch.multinomial(predicted, 1).squeeze(1)
        is_own = torch.rand(len(true_ids), device=true_ids.device) < probability
    return torch.where(is_own, drawn, true_ids)
