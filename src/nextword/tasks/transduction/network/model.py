"""The encoder-decoder: the probability of a target given a source."""

from dataclasses import replace

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from nextword.layers import SourceMemory
from nextword.tasks.decoding import Bridge, Decoder, DecoderState, TargetLoss, target_loss
from nextword.tasks.transduction.batch import PairBatch, SourceIds
from nextword.tasks.transduction.network.encoder import SourceEncoder
from nextword.tensors import Lengths


class EncoderDecoder(nn.Module):
    """log p(target | source) = Σ_t log p(y[t] | y[<t], source).

    Args:
        encoder: Encodes sources.
        decoder: Predicts targets.
        bridge: Computes the decoder's initial state.
        copies: The target token id that each source token id is copied as, (source_vocab); None if
            the decoder copies nothing.

    Source: [sutskever2014], [bahdanau2015], [luong2015].
    """

    def __init__(
        self,
        encoder: SourceEncoder,
        decoder: Decoder,
        *,
        bridge: Bridge,
        copies: Int64[Tensor, " source_vocab"] | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.bridge = bridge
        self.copies: Tensor | None
        rows = None if copies is None else decoder.output_rows[copies]
        self.register_buffer("copies", rows, persistent=False)

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
            if self.copies is not None:
                memory = replace(memory, copies=self.copies[source_ids])
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
        return target_loss(
            self.decoder,
            batch.targets,
            memory=memory,
            state=state,
            label_smoothing=label_smoothing,
            free_running_probability=free_running_probability,
        )
