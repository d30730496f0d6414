"""Bidirectional stacks: encoders of whole sequences, not language models.

Every output has seen what follows it. So there is no state to carry from one window to the next,
and nothing here fits the contract of a language model.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import nn

from nextword.base import ShapeError
from nextword.cells import AnyCell, CellState
from nextword.recurrent.regularizer import RecurrentRegularizer
from nextword.recurrent.stack import RecurrentStack
from nextword.tensors import Embeddings, Hidden, Lengths


class BidirectionalStack(nn.Module):
    """Runs two cells per layer, one in each direction, and concatenates their outputs.

    Args:
        forward_cells: The layers' cells that read from the first step on, lowest first.
        backward_cells: Those that read from each row's last step on.
        dropout_between: Dropout between layers; not applied to the outputs of the last layer.
        regularizer: Disturbs every layer in training.
        backend: How layers are run: `auto`, or the name of a backend.

    Raises:
        ShapeError: The two directions do not fit together, or a layer does not fit the one below.
        ConfigError: The backend is unknown or does not support a cell or the regularizer.

    Source: [schuster1997]; [lecture-004].

    Example:
        >>> from nextword.cells import LstmCell
        >>> stack = BidirectionalStack([LstmCell(3, 4)], [LstmCell(3, 4)])
        >>> outputs, _ = stack(torch.zeros(2, 5, 3), torch.tensor([5, 2]))
        >>> outputs.shape
        torch.Size([2, 5, 8])
    """

    def __init__(
        self,
        forward_cells: Sequence[AnyCell],
        backward_cells: Sequence[AnyCell],
        *,
        dropout_between: Callable[[Embeddings], Embeddings] | None = None,
        regularizer: RecurrentRegularizer | None = None,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        _check_sizes(forward_cells, backward_cells)

        def single(cell: AnyCell) -> RecurrentStack:
            return RecurrentStack([cell], regularizer=regularizer, backend=backend)

        self.forward_layers = nn.ModuleList(single(cell) for cell in forward_cells)
        self.backward_layers = nn.ModuleList(single(cell) for cell in backward_cells)
        self.dropout_between = dropout_between if dropout_between is not None else nn.Identity()
        self.output_size = forward_cells[-1].output_size + backward_cells[-1].output_size

    def forward(
        self,
        inputs: Embeddings,
        lengths: Lengths | None = None,
        *,
        layer_outputs: list[Hidden] | None = None,
    ) -> tuple[Hidden, tuple[tuple[CellState, CellState], ...]]:
        """Read whole sequences.

        Args:
            inputs: (batch, time, input).
            lengths: Steps that count in each row, (batch); all when None.
            layer_outputs: The outputs of each layer, (batch, time, output), are appended to this
                list, lowest first; none are when None.

        Returns:
            The last layer's outputs, (batch, time, output), zero beyond a row's length; and for
            each layer, lowest first, the states with which the two directions end: after the last
            step that counts, and after the first one.
        """
        final_states = []
        layers = zip(_stacks(self.forward_layers), _stacks(self.backward_layers), strict=True)
        for depth, (ahead, back) in enumerate(layers):
            if depth > 0:
                inputs = self.dropout_between(inputs)
            begin = ahead.initial_state(len(inputs)), back.initial_state(len(inputs))
            seen_before, (final_ahead,) = ahead(inputs, begin[0], lengths=lengths)
            seen_after, (final_back,) = back(reverse(inputs, lengths), begin[1], lengths=lengths)
            inputs = torch.cat([seen_before, reverse(seen_after, lengths)], dim=2)
            if layer_outputs is not None:
                layer_outputs.append(inputs)
            final_states.append((final_ahead, final_back))
        return inputs, tuple(final_states)


def reverse(sequences: Embeddings, lengths: Lengths | None = None) -> Embeddings:
    """Reverse each row within its length; positions beyond it are not moved.

    Args:
        sequences: (batch, time, width).
        lengths: Steps that count in each row, (batch); all when None.

    Example:
        >>> rows = torch.arange(3.0).view(1, 3, 1)
        >>> reverse(rows, torch.tensor([2])).flatten().tolist()
        [1.0, 0.0, 2.0]
    """
    if lengths is None:
        return sequences.flip(1)
    steps = torch.arange(sequences.shape[1], device=sequences.device)
    mirrored = lengths[:, None] - 1 - steps
    order = torch.where(mirrored >= 0, mirrored, steps)
    return sequences.gather(1, order[:, :, None].expand_as(sequences))


def _stacks(layers: nn.ModuleList) -> list[RecurrentStack]:
    return list(layers)  # type: ignore[arg-type]  # nn.ModuleList is not typed


def _check_sizes(forward_cells: Sequence[AnyCell], backward_cells: Sequence[AnyCell]) -> None:
    if not forward_cells or len(forward_cells) != len(backward_cells):
        raise ShapeError(
            f"there are {len(forward_cells)} cells forwards and {len(backward_cells)} backwards; "
            "each layer, and there must be one, needs both."
        )
    pairs = list(zip(forward_cells, backward_cells, strict=True))
    for ahead, back in pairs:
        if ahead.input_size != back.input_size:
            raise ShapeError(
                f"a layer has input size {ahead.input_size} forwards and {back.input_size} "
                "backwards; they must be equal."
            )
    for below, (ahead, _) in pairwise(pairs):
        output_size = sum(cell.output_size for cell in below)
        if ahead.input_size != output_size:
            raise ShapeError(
                f"a layer has input size {ahead.input_size}, but the layer below it has output "
                f"size {output_size} (both directions)."
            )
