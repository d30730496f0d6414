"""The encoder of a source: an embedding and recurrent layers in one direction or both."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from nextword.cells import AnyCell, CellState
from nextword.layers import Dropout
from nextword.recurrent import BidirectionalStack, RecurrentStack
from nextword.tasks.transduction.batch import SourceIds
from nextword.tensors import Hidden, Lengths


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """An encoded batch of sources.

    Attributes:
        outputs: The last layer's outputs, (batch, source, output_size), 0 beyond a row's length.
        final_states: The final state of each layer, lowest first: the hidden state and other parts
            of both directions, (batch, width) each.
    """

    outputs: Hidden
    final_states: tuple[CellState, ...]


class SourceEncoder(nn.Module):
    """Embeds a source and runs recurrent layers over it.

    Args:
        vocab_size: Number of token ids.
        forward_cells: The cell of each layer, lowest first; the input size of the first one is the
            embedding size.
        backward_cells: The cells of the opposite direction; None for one direction.
        dropout: Dropout probability of embeddings, between layers, and of the outputs.
        backend: Name of the implementation of the layers; `auto` chooses one.

    Raises:
        ShapeError: The sizes of the layers do not fit together.
    """

    def __init__(
        self,
        vocab_size: int,
        *,
        forward_cells: Sequence[AnyCell],
        backward_cells: Sequence[AnyCell] | None = None,
        dropout: float = 0.0,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, forward_cells[0].input_size)
        nn.init.normal_(self.embedding.weight, std=self.embedding.embedding_dim**-0.5)
        self.dropout = Dropout(dropout)
        self.layers: BidirectionalStack | RecurrentStack
        if backward_cells is None:
            self.layers = RecurrentStack(
                forward_cells, dropout_between=self.dropout, backend=backend
            )
            self.output_size = forward_cells[-1].output_size
        else:
            self.layers = BidirectionalStack(
                forward_cells, backward_cells, dropout_between=self.dropout, backend=backend
            )
            self.output_size = self.layers.output_size

    def forward(self, source_ids: SourceIds, lengths: Lengths) -> Encoded:
        """Encode a batch of sources.

        Args:
            source_ids: (batch, source).
            lengths: Number of tokens in each row, at least 1, (batch).
        """
        embeddings = self.dropout(self.embedding(source_ids))
        final_states: tuple[CellState, ...]
        if isinstance(self.layers, RecurrentStack):
            state = self.layers.initial_state(len(source_ids))
            outputs, final_states = self.layers(embeddings, state, lengths=lengths)
        else:
            outputs, both = self.layers(embeddings, lengths)
            final_states = tuple((*ahead, *back) for ahead, back in both)
        return Encoded(outputs=self.dropout(outputs), final_states=final_states)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """Sum of the widths of the parts of each layer's final state, lowest layer first."""
        if isinstance(self.layers, RecurrentStack):
            return tuple(sum(cell.state_sizes) for cell in self.layers.layers)
        ahead, back = _cells(self.layers.forward_layers), _cells(self.layers.backward_layers)
        return tuple(
            sum(first.state_sizes) + sum(second.state_sizes)
            for first, second in zip(ahead, back, strict=True)
        )


def _cells(stacks: nn.ModuleList) -> list[AnyCell]:
    """Return the cell of each layer of one direction."""
    return [stack.layers[0] for stack in stacks]  # type: ignore[index,misc]
