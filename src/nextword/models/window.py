"""Language models that see a fixed window of tokens and nothing before it."""

import torch
from torch import nn

from nextword.layers import TokenLayers
from nextword.models.neural import NeuralLanguageModel
from nextword.models.state import State
from nextword.models.token_window import NOTHING, TokenWindow
from nextword.tensors import Hidden, Lengths, TokenIds
from nextword.windows import WindowLayers, side_by_side


class WindowLanguageModel(NeuralLanguageModel):
    """h[t] from e[t-k+1] to e[t] alone, ŷ[t] = softmax(Q h[t] + b).

    All positions of a batch are computed at once. Before the first token of a text stand zero
    vectors, not a learnt one: only the beginning of a text would train that. What is more than k
    tokens back changes nothing, to the bit.

    Where the embedding table is the output's weight too, a matrix P takes the prediction to an
    embedding's width (if it has another one): ŷ = softmax(E P h + b). With direct connections
    [h; u] predicts instead of h, u being the window's vectors side by side, as in Bengio's
    y = b + W u + U h.

    Args:
        token_layers: Builds the input embedding and the output head.
        family: `window` or `convolutional`, as the layers are.
        layers: From the vectors of each window to h.
        direct: Let the window's vectors reach the output past the hidden layers too.

    Raises:
        ConfigError: There is no table to tie, or a setting is out of range.

    Source: lectures 000, 001 and 004; Bengio et al. (2003).
    """

    def __init__(
        self, token_layers: TokenLayers, *, family: str, layers: WindowLayers, direct: bool = False
    ) -> None:
        super().__init__()
        self.family = family
        self.vocab_size = token_layers.vocab_size
        self.boundary_id = token_layers.boundary_id
        self.never_ids = token_layers.never_ids
        self.direct = direct
        embedding_size = layers.input_size
        self.embedding = token_layers.table(embedding_size)
        self.input = token_layers.token_input()
        self.context_size = layers.window
        self.window = TokenWindow(size=layers.window)
        self.layers = layers
        self.output_dropout = token_layers.dropout(token_layers.output_dropout)
        width = layers.output_size + (layers.window * embedding_size if direct else 0)
        self.projection: nn.Module = nn.Identity()
        if token_layers.tied and width != embedding_size:
            self.projection = nn.Linear(width, embedding_size, bias=False)
            width = embedding_size
        self.output = token_layers.output_head(width, self.embedding)

    def initial_state(self, batch_size: int) -> State:
        """Give the state of rows that have read nothing: no last tokens."""
        initial = self.window.initial(device=self.device)
        return State.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def hidden(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[Hidden, State]:
        """Read tokens and give what predicts the one after each, (batch, time, hidden)."""
        self.check_inputs(token_ids, state, lengths)
        places = self.window.join(token_ids, state)
        vectors = self.input(places.clamp(min=0), self.embedding)
        vectors = vectors.masked_fill((places == NOTHING)[:, :, None], 0.0)
        hidden = self.layers(vectors)
        if self.direct:
            window = side_by_side(vectors, count=self.window.size)
            hidden = torch.cat([hidden, window], dim=2)
        hidden = self.projection(self.output_dropout(hidden))
        return hidden, self.window.after(places, state, lengths)
