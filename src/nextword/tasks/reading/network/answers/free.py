"""Answers that are written by a decoder with attention to the passage."""

import torch
from torch import Tensor

from nextword.layers import SourceMemory
from nextword.tasks.decoding import Bridge, Decoder, DecoderState, TargetBatch, target_loss
from nextword.tasks.reading.network.answers.contract import AnswerHead
from nextword.tasks.reading.network.batch import ReadingBatch
from nextword.tasks.reading.network.hops import Attended, Encoded


class FreeHead(AnswerHead):
    """Writes the answer: a decoder that starts from the state and attends to the passage.

    Args:
        decoder: The decoder.
        bridge: Computes the decoder's initial state from the state after the last hop.
        label_smoothing: Share of the target distribution that is spread over all symbols.
    """

    def __init__(self, decoder: Decoder, *, bridge: Bridge, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.decoder = decoder
        self.bridge = bridge
        self.label_smoothing = label_smoothing

    def start(self, passage: Encoded, attended: Attended) -> tuple[SourceMemory, DecoderState]:
        """Return what the decoder attends to, and its state before the first step.

        Args:
            passage: The encoded passages.
            attended: What the hops found.
        """
        attention, values = self.decoder.attention, passage.outputs
        if attention is None:
            steps = torch.arange(values.shape[1], device=values.device)
            mask = steps < passage.lengths[:, None]
            memory = SourceMemory(keys=values, values=values, mask=mask)
        else:
            memory = attention.prepare(values, passage.lengths)
        return memory, self.decoder.start(self.bridge([(attended.state,)]), memory)

    def loss(self, passage: Encoded, attended: Attended, *, batch: ReadingBatch) -> Tensor:
        """Return the negative log-likelihood of the answers; see `AnswerHead`."""
        targets = batch.answers
        assert isinstance(targets, TargetBatch)  # the data of this kind of answer
        memory, state = self.start(passage, attended)
        loss = target_loss(
            self.decoder,
            targets,
            memory=memory,
            state=state,
            label_smoothing=self.label_smoothing,
        )
        return loss.smoothed_sum
