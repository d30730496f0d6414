"""The terms of the log-likelihood of label sequences, with their gradients."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nextword.tasks.tagging.crf.chain import build_chain
from nextword.tasks.tagging.crf.checks import refuse_impossible
from nextword.tasks.tagging.crf.sums import Sums, compute_sums


def log_partition(
    emissions: Tensor, lengths: Tensor, *, scores: tuple[Tensor, Tensor, Tensor]
) -> Tensor:
    """Compute the log of the sum over all label sequences; its gradients are the expected counts.

    Args:
        emissions: (batch, time, labels); ignored after the end of a row.
        lengths: Number of positions of each row, (batch).
        scores: The transition, start and end scores.

    Returns:
        (batch), nats, in the dtype of the sums.
    """
    transitions, starts, ends = scores
    result: Tensor = _LogPartition.apply(  # type: ignore[no-untyped-call]
        emissions, transitions, starts, ends, lengths
    )
    return result


class _LogPartition(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        emissions: Tensor,
        transitions: Tensor,
        starts: Tensor,
        ends: Tensor,
        lengths: Tensor,
    ) -> Tensor:
        """Compute the log-partition function, (batch), nats, in the dtype of the sums."""
        chain = build_chain(
            emissions, transitions=transitions, starts=starts, ends=ends, lengths=lengths
        )
        sums = compute_sums(chain)
        refuse_impossible(sums.log_partition, chain)
        ctx.sums, ctx.emissions_shape = sums, emissions.shape
        ctx.dtypes = emissions.dtype, transitions.dtype
        return chain.restore(sums.log_partition)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradients of the emissions and of the scores."""
        sums: Sums = ctx.sums
        chain = sums.chain
        counts = sums.counts(gradient[chain.order].to(chain.emissions.dtype))
        emissions_dtype, dtype = ctx.dtypes
        emissions = counts.labels.new_zeros(ctx.emissions_shape, dtype=emissions_dtype)
        labels = counts.labels.transpose(0, 1).to(emissions_dtype)
        emissions[chain.order, : labels.shape[1]] = labels
        pairs, starts, ends = (each.to(dtype) for each in counts[1:])
        return emissions, pairs, starts, ends, None


def score_labels(
    emissions: Tensor, label_ids: Tensor, *, mask: Tensor, scores: tuple[Tensor, Tensor, Tensor]
) -> Tensor:
    """Compute the score of label sequences.

    Args:
        emissions: (batch, time, labels).
        label_ids: (batch, time); 0 after the end of a row.
        mask: Whether a position counts, (batch, time).
        scores: The transition, start and end scores.

    Returns:
        (batch), nats, in float64 where the device has it.
    """
    transitions, starts, ends = scores
    dtype = torch.float32 if emissions.device.type == "mps" else torch.float64
    of_labels = emissions.gather(2, label_ids[..., None])[..., 0].to(dtype)
    of_pairs = transitions.to(dtype)[label_ids[:, :-1], label_ids[:, 1:]]
    last = label_ids.gather(1, mask.sum(1, keepdim=True) - 1)[:, 0]
    # Not a product with the mask: pairs after the end may have a score of minus infinity.
    return (
        of_labels.masked_fill(~mask, 0.0).sum(1)
        + of_pairs.masked_fill(~mask[:, 1:], 0.0).sum(1)
        + starts.to(dtype)[label_ids[:, 0]]
        + ends.to(dtype)[last]
    )
