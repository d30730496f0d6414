"""Vectors of texts from the hidden states of a neural language model."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from nextword.base import ConfigError
from nextword.layers import LayerTrace
from nextword.models import LanguageModel, NeuralLanguageModel, State, inference
from nextword.tasks.embedding.contract import DEFAULT_BATCH_SIZE, VectorEncoder, checked_layer
from nextword.tasks.embedding.pooling import StepPooling, Vectors, check_pooling
from nextword.tensors import Hidden, Lengths, TokenIds
from nextword.tokens import Tokenizer

#: Steps per forward call. Bounds memory; a vector does not depend on it beyond rounding.
_CHUNK_STEPS = 256
_HIGHEST = -1


class LanguageModelVectors(VectorEncoder):
    """Pools the hidden states of a language model over the tokens of each text.

    The model reads the boundary, then the tokens. The states after the tokens are pooled; that
    after the boundary is not. The end of the line is not read.

    Args:
        model: A neural language model.
        tokenizer: Its tokenizer.
        name: Name of the model, for error messages.
        pooling: `last`, `mean` or `max`.
        layer: 0 for the embeddings, 1 for the outputs of the lowest layer, and so on; the highest
            layer, also -1, is what the output head reads.
        batch_size: Number of texts in a batch; 32 when None.

    Raises:
        ConfigError: The model has no hidden states, the pooling is unknown, or there is no such
            layer.
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        *,
        name: str,
        pooling: str = "mean",
        layer: int = -1,
        batch_size: int | None = None,
    ) -> None:
        check_pooling(pooling)
        self.name = name
        self.batch_size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
        self._model = require_hidden_states(model, name=name)
        self._tokenizer = tokenizer
        self._pooling = pooling
        self._layer: int = _HIGHEST
        if layer != _HIGHEST:
            num_layers = self._num_layers()
            found = checked_layer(layer, num_layers=num_layers, name=name)
            self._layer = _HIGHEST if found == num_layers else found
        self.size = self._read(*self._boundary(), None)[0].shape[2]

    def prepare(self, text: str, *, line: int) -> list[int]:
        """Return the token ids of a text."""
        kept = self._tokenizer.without_markers(text, first_line=line)
        ids: list[int] = self._tokenizer.encode(kept).ids.tolist()
        return ids

    def encode_batch(self, texts: Sequence[Sequence[object]]) -> Vectors:
        """Return the vectors of texts given as token ids, (texts, size)."""
        token_ids, lengths = self._padded(texts)
        with inference(self._model):
            state = self._model.initial_state(len(texts))
            boundary = token_ids.new_full((len(texts), 1), self._model.boundary_id)
            _, state = self._read(boundary, state, None)
            pooling = StepPooling(self._pooling, lengths=lengths, size=self.size)
            for start in range(0, token_ids.shape[1], _CHUNK_STEPS):
                chunk = token_ids[:, start : start + _CHUNK_STEPS]
                left = (lengths - start).clamp(min=0, max=chunk.shape[1])
                outputs, state = self._read(chunk, state, left)
                pooling.add(outputs)
        return pooling.result().cpu().numpy()

    def _padded(self, texts: Sequence[Sequence[object]]) -> tuple[TokenIds, Lengths]:
        lengths = np.array([len(text) for text in texts], dtype=np.int64)
        token_ids = np.full((len(texts), lengths.max()), self._model.boundary_id, dtype=np.int64)
        for row, text in enumerate(texts):
            token_ids[row, : len(text)] = text
        device = self._model.device
        return torch.from_numpy(token_ids).to(device), torch.from_numpy(lengths).to(device)

    def _read(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None
    ) -> tuple[Hidden, State]:
        """Read tokens, and return the outputs of the layer and the state after them."""
        model = self._model
        if self._layer == _HIGHEST:
            return model.hidden(token_ids, state, lengths=lengths)
        embeddings = model.embed(token_ids)
        traces: list[LayerTrace] = []
        _, after = model.hidden_from_embeddings(
            embeddings, state, token_ids=token_ids, lengths=lengths, layer_traces=traces
        )
        if self._layer == 0:
            return embeddings, after
        # A convolution also has positions before the first token.
        outputs: Tensor = traces[self._layer - 1].outputs[:, -token_ids.shape[1] :]
        return outputs, after

    def _boundary(self) -> tuple[TokenIds, State]:
        token_ids = torch.full((1, 1), self._model.boundary_id, device=self._model.device)
        return token_ids, self._model.initial_state(1)

    def _num_layers(self) -> int:
        token_ids, state = self._boundary()
        traces: list[LayerTrace] = []
        with inference(self._model):
            self._model.hidden_from_embeddings(
                self._model.embed(token_ids), state, token_ids=token_ids, layer_traces=traces
            )
        return len(traces)


def require_hidden_states(model: LanguageModel, *, name: str) -> NeuralLanguageModel:
    """Return a model if it has hidden states.

    Raises:
        ConfigError: It has none.
    """
    if isinstance(model, NeuralLanguageModel):
        return model
    reason = (
        "it predicts from counts of n-grams and has no hidden states"
        if model.family == "ngram"
        else f"a model of the family {model.family!r} does not return its hidden states"
    )
    raise ConfigError(
        f"{name} cannot encode a text as a vector: {reason}.",
        help="Use a neural language model, a tagger or a text classifier.",
    )
