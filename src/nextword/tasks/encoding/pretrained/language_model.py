"""Features of words from a trained language model: its hidden states."""

import torch
from torch import nn

from nextword.models import NeuralLanguageModel
from nextword.tasks.encoding.batch import ModelTokens
from nextword.tensors import Hidden


class LanguageModelFeatures(nn.Module):
    """The hidden states of a language model at the last token of each word.

    Args:
        model: The language model.
        is_frozen: Whether its weights are not trained; it then runs in evaluation mode.

    Source: [akbik2018].
    """

    def __init__(self, model: NeuralLanguageModel, *, is_frozen: bool) -> None:
        super().__init__()
        self.model = model
        self.is_frozen = is_frozen
        self.output_size = hidden_size(model)
        # The output head predicts tokens, which no task needs.
        for parameter in self.model.parameters():
            parameter.requires_grad_(not is_frozen)

    def train(self, mode: bool = True) -> "LanguageModelFeatures":
        """Set the mode; a frozen language model stays in evaluation mode."""
        super().train(mode)
        if self.is_frozen:
            self.model.eval()
        return self

    def forward(self, tokens: ModelTokens) -> Hidden:
        """Return the features of each word, (batch, time, output_size)."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_frozen):
            state = self.model.initial_state(len(tokens.lengths))
            hidden, _ = self.model.hidden(tokens.token_ids, state, lengths=tokens.lengths)
        places = tokens.places[:, :, None].expand(-1, -1, hidden.shape[2])
        return hidden.gather(1, places)


@torch.no_grad()
def hidden_size(model: NeuralLanguageModel) -> int:
    """Return the size of the hidden states of a language model."""
    was_training = model.training
    model.eval()
    token_ids = torch.full((1, 1), model.boundary_id, device=model.device)
    hidden, _ = model.hidden(token_ids, model.initial_state(1))
    model.train(was_training)
    return hidden.shape[2]
