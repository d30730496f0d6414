"""Language models that see a fixed window of tokens and nothing before it."""

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from nextword.families.window.contract import Places, WindowLayers
from nextword.families.window.unfold import side_by_side
from nextword.layers import LayerTrace, TokenLayers
from nextword.models import NO_TOKEN, NeuralLanguageModel, State, TokenWindow
from nextword.tensors import Embeddings, Hidden, Lengths, TokenIds


class WindowLanguageModel(NeuralLanguageModel):
    """h[t] from e[t-k+1] to e[t] alone, ŷ[t] = softmax(Q h[t] + b).

    All positions of a batch are computed at once. The vectors before the first token of a text are
    zero, not learned, because only the beginnings of texts would train them. Tokens before the
    window have no effect.

    With a tied embedding of another size than h, a matrix P maps h to the embedding size:
    ŷ = softmax(E P h + b). With direct connections the output head reads [h; u] instead of h, where
    u is the concatenation of the window's vectors, as in Bengio's y = b + W u + U h.

    Args:
        token_layers: Builds the input embedding and the output head.
        family: `window` or `convolutional`.
        layers: Map the vectors of each window to h.
        direct: Connect the window's vectors to the output head directly too.

    Raises:
        ConfigError: There is no embedding table to tie, or a setting is out of range.

    Source: [lecture-000], [lecture-001], [lecture-004], [bengio2003].
    """

    def __init__(
        self, token_layers: TokenLayers, *, family: str, layers: WindowLayers, direct: bool = False
    ) -> None:
        super().__init__(token_layers.vocabulary)
        self.family = family
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
        """Return the state of rows that have read nothing: no last tokens."""
        initial = self.window.initial(device=self.device)
        return State.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def hidden(
        self, token_ids: TokenIds, state: State, *, lengths: Lengths | None = None
    ) -> tuple[Hidden, State]:
        """Return the hidden vectors, (batch, time, hidden_size), and the state after reading."""
        self.check_inputs(token_ids, state, lengths=lengths)
        places = self.window.join(token_ids, state)
        # One look-up, so that dropout treats the tokens and those before them alike.
        hidden = self._run(self.embed(places.clamp(min=0)), places)
        return hidden, self.window.after(places, state, lengths=lengths)

    def run_layers(
        self,
        embeddings: Embeddings,
        state: State,
        *,
        token_ids: TokenIds,
        lengths: Lengths | None = None,
        layer_traces: list[LayerTrace] | None = None,
    ) -> tuple[Hidden, State]:
        """Return what `hidden` returns; the vectors of the tokens before are looked up."""
        places = self.window.join(token_ids, state)
        before = self.embed(places[:, : self.window.size - 1].clamp(min=0))
        hidden = self._run(torch.cat([before, embeddings], dim=1), places, layer_traces)
        return hidden, self.window.after(places, state, lengths=lengths)

    def _run(
        self,
        vectors: Places,
        places: Int64[Tensor, "batch places"],
        layer_traces: list[LayerTrace] | None = None,
    ) -> Hidden:
        """Return the hidden vector of the window that ends at each token."""
        vectors = vectors.masked_fill((places == NO_TOKEN)[:, :, None], 0.0)
        hidden = self.layers(vectors, layer_traces=layer_traces)
        if self.direct:
            window = side_by_side(vectors, count=self.window.size)
            hidden = torch.cat([hidden, window], dim=2)
        projected: Hidden = self.projection(self.output_dropout(hidden))
        return projected
