"""The loss of a decoder on targets, with teacher forcing or scheduled sampling."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from nextword.layers import SourceMemory
from nextword.tasks.decoding.batch import TargetBatch
from nextword.tasks.decoding.decoder import Decoder, DecoderState
from nextword.tensors import TokenIds


@dataclass(frozen=True, kw_only=True)
class TargetLoss:
    """The loss of a batch, summed over its target tokens.

    Attributes:
        nll_sum: Negative log-likelihood, nats.
        smoothed_sum: The loss that training minimizes: `nll_sum` with label smoothing.
        num_tokens: Number of target tokens, end tokens included.
    """

    nll_sum: Float[Tensor, ""]
    smoothed_sum: Float[Tensor, ""]
    num_tokens: int


def target_loss(
    decoder: Decoder,
    targets: TargetBatch,
    *,
    memory: SourceMemory,
    state: DecoderState,
    label_smoothing: float = 0.0,
    free_running_probability: float = 0.0,
) -> TargetLoss:
    """Return the loss of targets.

    Args:
        decoder: The decoder.
        targets: The targets, on its device.
        memory: What the decoder attends to.
        state: Its state before the first step.
        label_smoothing: Share of the target distribution that is spread over all tokens that can
            be predicted.
        free_running_probability: Probability that a step reads the model's own prediction instead
            of the true token.

    Source: label smoothing [szegedy2016], scheduled sampling [bengio2015].
    """
    input_ids = targets.input_ids
    if free_running_probability > 0.0:
        input_ids = _free_running(
            decoder, input_ids, memory=memory, state=state, probability=free_running_probability
        )
    vectors, weights = decoder(input_ids, state, memory=memory, lengths=targets.lengths)
    steps = torch.arange(input_ids.shape[1], device=input_ids.device)
    mask = steps < targets.lengths[:, None]
    rows = decoder.output_rows[targets.target_ids[mask]]
    logits = decoder.logits(
        vectors[mask],
        weights=None if weights is None else weights[mask],
        copies=None if memory.copies is None else memory.copies[mask.nonzero()[:, 0]],
    )
    return _loss(logits, rows, label_smoothing)


def _loss(logits: Tensor, rows: Tensor, label_smoothing: float) -> TargetLoss:
    log_probs = functional.log_softmax(_at_least_float32(logits), dim=1)
    nll_sum = -log_probs.gather(1, rows[:, None]).sum()
    smoothed_sum = nll_sum
    if label_smoothing > 0.0:
        spread = -log_probs.mean(dim=1).sum()
        smoothed_sum = (1.0 - label_smoothing) * nll_sum + label_smoothing * spread
    return TargetLoss(nll_sum=nll_sum.detach(), smoothed_sum=smoothed_sum, num_tokens=len(logits))


@torch.no_grad()
def _free_running(
    decoder: Decoder,
    true_ids: TokenIds,
    *,
    memory: SourceMemory,
    state: DecoderState,
    probability: float,
) -> TokenIds:
    """Replace some of the ids that the decoder reads by samples from the model."""
    read = [true_ids[:, 0]]
    for time in range(1, true_ids.shape[1]):
        logits, state = decoder.step(read[-1], state, memory=memory)
        probs = torch.softmax(_at_least_float32(logits), dim=1)
        # If training diverges, any id is valid here, because the loss is not finite either.
        probs = torch.nan_to_num(probs, nan=1.0)
        own = decoder.output_ids[torch.multinomial(probs, 1)[:, 0]]
        is_own = torch.rand(own.shape, device=own.device) < probability
        read.append(torch.where(is_own, own, true_ids[:, time]))
    return torch.stack(read, dim=1)


def _at_least_float32(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
