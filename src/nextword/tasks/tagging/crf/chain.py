"""The scores of a batch of label sequences, arranged for recursions over time.

Knows nothing of labels or of parameters.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from nextword.tensors import Lengths


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Scores with time as the first axis; rows are sorted by length, longest first.

    Therefore the rows that have a label at a position are the first ones, and no step of a
    recursion needs a mask.

    Attributes:
        emissions: Score of each label at each position, (time, batch, labels).
        transitions: Score of each label (column) after each label (row), (labels, labels).
        starts: Score of each label at the first position, (labels).
        ends: Score of each label at the last position, (labels).
        lengths: Number of positions of each row, (batch), at least 1.
        order: Index of each row in the batch, (batch).
        num_active: Number of rows that have a label at each position.
    """

    emissions: Tensor
    transitions: Tensor
    starts: Tensor
    ends: Tensor
    lengths: Tensor
    order: Tensor
    num_active: list[int] = field(repr=False)

    def active(self, values: Tensor) -> list[Tensor]:
        """Return a view of the active rows of (time, batch, ...) for each position."""
        return [step[:count] for step, count in zip(values.unbind(0), self.num_active, strict=True)]

    def last(self, values: Tensor) -> Tensor:
        """Return the values of (time, batch, ...) at the last position of each row."""
        return values[self.lengths - 1, torch.arange(len(self.lengths), device=values.device)]

    def restore(self, rows: Tensor) -> Tensor:
        """Return rows, (batch, ...), in the order of the batch."""
        restored = torch.empty_like(rows)
        restored[self.order] = rows
        return restored


def build_chain(
    emissions: Float[Tensor, "batch time labels"],
    *,
    transitions: Float[Tensor, "labels labels"],
    starts: Float[Tensor, " labels"],
    ends: Float[Tensor, " labels"],
    lengths: Lengths,
) -> Chain:
    """Arrange scores for recursions, in float64 where the device has it.

    Sums over 100,000 positions in float32 would be wrong in the second decimal place.

    Args:
        emissions: Score of each label at each position.
        transitions: Score of each label (column) after each label (row).
        starts: Score of each label at the first position.
        ends: Score of each label at the last position.
        lengths: Number of positions of each row, at least 1.
    """
    dtype = torch.float32 if emissions.device.type == "mps" else torch.float64
    ordered, order = lengths.sort(descending=True, stable=True)
    longest = int(ordered[0])
    steps = torch.arange(longest, device=lengths.device)
    return Chain(
        emissions=emissions[order, :longest].transpose(0, 1).to(dtype).contiguous(),
        transitions=transitions.to(dtype),
        starts=starts.to(dtype),
        ends=ends.to(dtype),
        lengths=ordered,
        order=order,
        num_active=(ordered > steps[:, None]).sum(1).tolist(),
    )
