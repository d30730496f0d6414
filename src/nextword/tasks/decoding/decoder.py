"""The decoder: recurrent layers over the target, with or without attention to the source."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.base import require
from nextword.cells import AnyCell
from nextword.layers import Attention, Dropout, SourceMemory
from nextword.recurrent import RecurrentStack, StackState
from nextword.tasks.decoding.copying import CopyGate
from nextword.tensors import Embeddings, Hidden, Lengths, Rows, TokenIds


@dataclass(frozen=True, kw_only=True)
class DecoderState:
    """What the decoder carries from one step to the next.

    Attributes:
        layers: The state of each recurrent layer.
        attentional: The attentional vectors of the last step, (batch, hidden); zeros at the start.
        alignment: The attention weights of the last step, (batch, source); zeros at the start.
    """

    layers: StackState
    attentional: Float[Tensor, "batch hidden"]
    alignment: Float[Tensor, "batch source"]

    def select(self, rows: Rows) -> "DecoderState":
        """Return the state of some rows; a row may be selected more than once.

        Args:
            rows: Indices of rows, (rows).
        """
        return DecoderState(
            layers=tuple(type(layer)(*(part[rows] for part in layer)) for layer in self.layers),
            attentional=self.attentional[rows],
            alignment=self.alignment[rows],
        )


class Decoder(nn.Module):
    """Predicts the next target token from the tokens before it and from the source.

    With attention, the outputs of the layers query the source, and the attentional vector is
    h̃ = tanh(W_c [context; h]); it is mapped to the logits, and with input feeding it is also an
    input of the next step. Without attention, the source is known through the initial state only.
    With copying, the next token can also be one that the source has where attention is.

    Args:
        vocab_size: Number of target token ids.
        output_ids: Ids that can be predicted, ascending.
        cells: The cell of each layer, lowest first.
        embedding_size: Size of the embeddings.
        attention: Attention to the source; None for none.
        input_feeding: Whether the attentional vector is an input of the next step.
        value_size: Size of the encoder's outputs.
        copy: Whether tokens can be copied; the source then needs `copies`, rows of `output_ids`.
        dropout: Dropout probability of embeddings, between layers, and of the attentional vector.
        backend: Name of the implementation of the layers; `auto` chooses one.

    Raises:
        ConfigError: Input feeding or copying without attention, or the input size of the first cell
            is wrong.

    Source: [luong2015], sections 3 and 3.3; without attention [sutskever2014].
    """

    def __init__(
        self,
        vocab_size: int,
        *,
        output_ids: Sequence[int],
        cells: Sequence[AnyCell],
        embedding_size: int,
        attention: Attention | None,
        input_feeding: bool,
        value_size: int,
        copy: bool = False,
        dropout: float = 0.0,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        require(
            attention is not None or not input_feeding,
            "input feeding is on, but there is no attention whose result could be fed.",
            help="Turn input feeding off, or choose an attention.",
        )
        require(
            attention is not None or not copy,
            "copying is on, but there is no attention that says what to copy.",
            help="Turn copying off, or choose an attention.",
        )
        hidden_size = cells[-1].output_size
        self.input_feeding = input_feeding
        self.embedding = nn.Embedding(vocab_size, embedding_size)
        nn.init.normal_(self.embedding.weight, std=embedding_size**-0.5)
        self.dropout = Dropout(dropout)
        self.core = RecurrentStack(cells, dropout_between=self.dropout, backend=backend)
        self.attention = attention
        if attention is not None:
            self.combine = nn.Linear(value_size + hidden_size, hidden_size)
        self.output = nn.Linear(hidden_size, len(output_ids))
        self.copy_gate = CopyGate(hidden_size) if copy else None
        self.output_ids: Tensor
        self.register_buffer("output_ids", torch.tensor(list(output_ids)), persistent=False)
        # The row of `output_ids` that holds each id; -1 for ids that are never predicted.
        rows = torch.full((vocab_size,), -1)
        rows[self.output_ids] = torch.arange(len(output_ids))
        self.output_rows: Tensor
        self.register_buffer("output_rows", rows, persistent=False)

    @property
    def needs_loop(self) -> bool:
        """Whether a step depends on the attention of the step before, so that steps are in turn."""
        has_location = self.attention is not None and self.attention.location_width > 0
        return self.input_feeding or has_location

    def start(self, layers: StackState, memory: SourceMemory) -> DecoderState:
        """Return the state before the first step.

        Args:
            layers: The initial state of each layer.
            memory: The source.
        """
        hidden_size = self.core.layers[-1].output_size
        values = memory.values
        return DecoderState(
            layers=layers,
            attentional=values.new_zeros(len(values), hidden_size),
            alignment=values.new_zeros(values.shape[:2]),
        )

    def step(
        self, token_ids: Int64[Tensor, " batch"], state: DecoderState, *, memory: SourceMemory
    ) -> tuple[Float[Tensor, "batch output"], DecoderState]:
        """Read one token and return the logits of the next one.

        Args:
            token_ids: The last token of each row, (batch).
            state: The state before it.
            memory: The source.

        Returns:
            Logits of `output_ids`, (batch, output), which are log-probabilities with copying, and
            the state after the step, whose `alignment` holds the attention weights of this step.
        """
        embeddings = self.dropout(self.embedding(token_ids[:, None]))
        attentional, after = self._advance(embeddings, state, memory)
        logits = self.logits(attentional, weights=after.alignment, copies=memory.copies)
        return logits, after

    def logits(
        self,
        vectors: Float[Tensor, "rows hidden"],
        *,
        weights: Float[Tensor, "rows source"] | None,
        copies: Int64[Tensor, "rows source"] | None,
    ) -> Float[Tensor, "rows output"]:
        """Return the logits of `output_ids`, (rows, output); log-probabilities with copying.

        Args:
            vectors: Attentional vectors, (rows, hidden).
            weights: The attention weights of their steps, (rows, source); only for copying.
            copies: The output that each source position is copied as, (rows, source); only for
                copying.
        """
        logits: Tensor = self.output(vectors)
        if self.copy_gate is None:
            return logits
        require(
            weights is not None and copies is not None,
            "the decoder copies, but the source does not say what can be copied.",
            help="Set the copies of the memory.",
        )
        mixed: Tensor = self.copy_gate(vectors, logits, weights=weights, copies=copies)
        return mixed

    def forward(
        self,
        token_ids: TokenIds,
        state: DecoderState,
        *,
        memory: SourceMemory,
        lengths: Lengths | None = None,
    ) -> tuple[Hidden, Tensor | None]:
        """Read whole targets and return the vectors from which the next tokens are predicted.

        Args:
            token_ids: The tokens before each prediction, (batch, time).
            state: The state before them.
            memory: The source.
            lengths: Number of valid steps in each row, (batch); all when None. Only the speed
                depends on it.

        Returns:
            Vectors that `logits` maps to logits, (batch, time, hidden), and the attention weights,
            (batch, time, source); None without attention.
        """
        embeddings = self.dropout(self.embedding(token_ids))
        if not self.needs_loop:
            outputs, _ = self.core(embeddings, state.layers, lengths=lengths)
            return self._attend(outputs, memory, None)
        steps, alignments = [], []
        for time in range(token_ids.shape[1]):
            attentional, state = self._advance(embeddings[:, time : time + 1], state, memory)
            steps.append(attentional)
            alignments.append(state.alignment)
        return torch.stack(steps, dim=1), torch.stack(alignments, dim=1)

    def _advance(
        self, embeddings: Embeddings, state: DecoderState, memory: SourceMemory
    ) -> tuple[Float[Tensor, "batch hidden"], DecoderState]:
        """Return the vectors of one step, (batch, hidden), and the state after it."""
        if self.input_feeding:
            embeddings = torch.cat([embeddings, state.attentional[:, None]], dim=2)
        outputs, layers = self.core(embeddings, state.layers)
        vectors, weights = self._attend(outputs, memory, state.alignment[:, None])
        attentional = vectors[:, 0]
        alignment = state.alignment if weights is None else weights[:, 0]
        return attentional, DecoderState(
            layers=layers, attentional=attentional, alignment=alignment
        )

    def _attend(
        self, outputs: Hidden, memory: SourceMemory, previous: Tensor | None
    ) -> tuple[Hidden, Tensor | None]:
        """Return h̃, (batch, time, hidden), and the attention weights, (batch, time, source)."""
        if self.attention is None:
            return self.dropout(outputs), None
        contexts, weights = self.attention(outputs, memory, previous=previous)
        attentional = torch.tanh(self.combine(torch.cat([contexts, outputs], dim=2)))
        return self.dropout(attentional), weights
