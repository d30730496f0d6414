"""The weights of an encoder of words in the forms of other programs."""

from typing import Any

import torch
from torch import Tensor

from nextword.cells import AnyCell
from nextword.recurrent import BidirectionalStack
from nextword.tasks.encoding import SequenceEncoder

_CNN_WIDTHS = (2, 3, 4)


def layer_cells(core: Any) -> list[tuple[AnyCell, ...]]:
    """Return the cells of each layer, lowest first: forward, and backward if there are two.

    Args:
        core: A stack of layers in one or both directions.
    """
    if isinstance(core, BidirectionalStack):
        stacks: Any = zip(core.forward_layers, core.backward_layers, strict=True)
        return [tuple(stack.layers[0] for stack in pair) for pair in stacks]
    return [(cell,) for cell in core.layers]


def character_filters(encoder: SequenceEncoder) -> list[Tensor]:
    """Return the filters of a character CNN as those of convolutions.

    The inputs of a convolution are padded on both sides by its width minus 1.

    Args:
        encoder: An encoder whose character features are those of a CNN.

    Returns:
        One tensor for each width that has filters, in ascending order, (filters, size, width).
    """
    features: Any = encoder.characters
    number = features.output_size
    shares = [number // len(_CNN_WIDTHS)] * (len(_CNN_WIDTHS) - 1)
    shares.append(number - sum(shares))
    found, start = [], 0
    for width, share in zip(_CNN_WIDTHS, shares, strict=True):
        rows = features.weight[start : start + width * share].view(width, share, -1)
        start += width * share
        if share:
            # A convolution multiplies the last offset with the first weight.
            found.append(rows.flip(0).permute(1, 2, 0))
    return found


def with_padding(table: Tensor) -> Tensor:
    """Return a table with a row of zeros before it, for the padding."""
    return torch.cat([table.new_zeros(1, table.shape[1]), table.detach()])
