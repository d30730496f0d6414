"""The encoder-decoder: the probability of a target given a source."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from nextword.layers import SourceMemory
from nextword.tasks.transduction.batch import PairBatch, SourceIds
from nextword.tasks.decoding.bridge import Bridge
from nextword.tasks.decoding.decoder import Decoder, DecoderState
from nextword.tasks.transduction.encoder import SourceEncoder
from nextword.tensors import Lengths, TokenIds


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


class EncoderDecoder(nn.Module):
    """log p(target | source) = Σ_t log p(y[t] | y[<t], source).

    Args:
        encoder: Encodes sources.
        decoder: Predicts targets.
        bridge: Computes the decoder's initial state.

    Source: [sutskever2014], [bahdanau2015], [luong2015].
    """

    def __init__(self, encoder: SourceEncoder, decoder: Decoder, *, bridge: Bridge) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.bridge = bridge
        # The row of `output_ids` that holds each id; -1 for ids that are never predicted.
        rows = torch.full((decoder.embedding.num_embeddings,), -1)
        rows[decoder.output_ids] = torch.arange(len(decoder.output_ids))
        self.output_rows: Tensor
        self.register_buffer("output_rows", rows, persistent=False)

    @property
    def device(self) -> torch.device:
        """The device of the model."""
        return self.decoder.output.weight.device

    def encode(self, source_ids: SourceIds, lengths: Lengths) -> tuple[SourceMemory, DecoderState]:
        """Encode sources.

        Args:
            source_ids: (batch, source).
            lengths: Number of tokens in each row, at least 1, (batch).

        Returns:
            What the decoder attends to, and its state before the first step.
        """
        encoded = self.encoder(source_ids, lengths)
        attention = self.decoder.attention
        if attention is None:
            steps = torch.arange(source_ids.shape[1], device=source_ids.device)
            values = encoded.outputs
            memory = SourceMemory(keys=values, values=values, mask=steps < lengths[:, None])
        else:
            memory = attention.prepare(encoded.outputs, lengths)
        return memory, self.decoder.start(self.bridge(encoded.final_states), memory)

    def loss(
        self,
        batch: PairBatch,
        *,
        label_smoothing: float = 0.0,
        free_running_probability: float = 0.0,
    ) -> TargetLoss:
        """Return the loss of a batch with teacher forcing or scheduled sampling.

        Args:
            batch: The pairs, on the model's device.
            label_smoothing: Share of the target distribution that is spread over all tokens that
                can be predicted.
            free_running_probability: Probability that a step reads the model's own prediction
                instead of the true token.

        Source: label smoothing [szegedy2016], scheduled sampling [bengio2015].
        """
        memory, state = self.encode(batch.source_ids, batch.source_lengths)
        input_ids = batch.input_ids
        if free_running_probability > 0.0:
            input_ids = self._free_running(batch, memory, state, free_running_probability)
        vectors = self.decoder(input_ids, state, memory, batch.target_lengths)
        steps = torch.arange(input_ids.shape[1], device=input_ids.device)
        mask = steps < batch.target_lengths[:, None]
        return self._loss(vectors[mask], self.output_rows[batch.target_ids[mask]], label_smoothing)

    def _loss(self, vectors: Tensor, rows: Tensor, label_smoothing: float) -> TargetLoss:
        log_probs = functional.log_softmax(_at_least_float32(self.decoder.output(vectors)), dim=1)
        nll_sum = -log_probs.gather(1, rows[:, None]).sum()
        smoothed_sum = nll_sum
        if label_smoothing > 0.0:
            spread = -log_probs.mean(dim=1).sum()
            smoothed_sum = (1.0 - label_smoothing) * nll_sum + label_smoothing * spread
        return TargetLoss(
            nll_sum=nll_sum.detach(), smoothed_sum=smoothed_sum, num_tokens=len(vectors)
        )

    @torch.no_grad()
    def _free_running(
        self, batch: PairBatch, memory: SourceMemory, state: DecoderState, probability: float
    ) -> TokenIds:
        """Replace some of the ids that the decoder reads by samples from the model."""
        true_ids = batch.input_ids
        read = [true_ids[:, 0]]
        for time in range(1, true_ids.shape[1]):
            logits, state = self.decoder.step(read[-1], state, memory=memory)
            probs = torch.softmax(_at_least_float32(logits), dim=1)
            # If training diverges, any id is valid here, because the loss is not finite either.
            probs = torch.nan_to_num(probs, nan=1.0)
            own = self.decoder.output_ids[torch.multinomial(probs, 1)[:, 0]]
            is_own = torch.rand(own.shape, device=own.device) < probability
            read.append(torch.where(is_own, own, true_ids[:, time]))
        return torch.stack(read, dim=1)


def _at_least_float32(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
