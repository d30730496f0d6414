"""Language models that see a fixed window of tokens and nothing before it."""

import torch
from torch import nn

from nextword.embeddings import embedding_table
from nextword.models.neural import NeuralLanguageModel
from nextword.models.state import State
from nextword.models.token_input import TokenInput
from nextword.models.token_window import NOTHING, TokenWindow
from nextword.outputs import FullSoftmax, OutputFactory
from nextword.recurrent import Dropout, LockedDropout
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
        family: `window` or `convolutional`, as the layers are.
        vocab_size: Number of token ids.
        boundary_id: The id that is read before the first token of a text.
        never_ids: Ids that are never predicted.
        layers: From the vectors of each window to h.
        one_hot: Whether tokens are one-hot vectors instead of rows of a table.
        frozen: Whether training leaves the table as it is.
        tied: Use the embedding table as Q as well.
        output: Builds the output layer.
        cutoffs: Ids from which on the table's rows are narrower, where it is an adaptive output's
            as well.
        direct: Let the window's vectors reach the output past the hidden layers too.
        input_dropout: Share of the vectors' entries dropped in training.
        output_dropout: Share of h (and u) dropped.
        embedding_dropout: Share of the vocabulary whose vector is dropped, a window at a time.
        locked: One mask for all steps of a window of training instead of one a step.

    Raises:
        ConfigError: There is no table to tie, or a setting is out of range.

    Source: lectures 000, 001 and 004; Bengio et al. (2003).
    """

    def __init__(
        self,
        *,
        family: str,
        vocab_size: int,
        boundary_id: int,
        never_ids: tuple[int, ...],
        layers: WindowLayers,
        one_hot: bool = False,
        frozen: bool = False,
        tied: bool = True,
        output: OutputFactory = FullSoftmax,
        cutoffs: tuple[int, ...] = (),
        direct: bool = False,
        input_dropout: float = 0.0,
        output_dropout: float = 0.0,
        embedding_dropout: float = 0.0,
        locked: bool = True,
    ) -> None:
        super().__init__()
        self.family = family
        self.vocab_size = vocab_size
        self.boundary_id = boundary_id
        self.never_ids = never_ids
        self.direct = direct
        embedding_size = layers.input_size
        self.embedding = embedding_table(
            vocab_size,
            embedding_size,
            one_hot=one_hot,
            frozen=frozen,
            tied=tied,
            cutoffs=cutoffs,
        )
        self.input = TokenInput(
            vocab_size,
            input_dropout=input_dropout,
            embedding_dropout=embedding_dropout,
            locked=locked,
        )
        self.window = TokenWindow(size=layers.window)
        self.layers = layers
        self.output_dropout = (LockedDropout if locked else Dropout)(output_dropout)
        width = layers.output_size + (layers.window * embedding_size if direct else 0)
        self.projection: nn.Module = nn.Identity()
        if tied and width != embedding_size:
            self.projection = nn.Linear(width, embedding_size, bias=False)
            width = embedding_size
        self.output = output(
            width,
            vocab_size,
            never_ids=never_ids,
            tied_weight=self.embedding if tied else None,
        )

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
