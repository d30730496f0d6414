"""Answers that are written by a decoder with attention to the passage."""

from dataclasses import replace

import torch
from torch import Tensor

from nextword.layers import SourceMemory
from nextword.tasks.decoding import Bridge, Decoder, DecoderState, TargetBatch, target_loss
from nextword.tasks.reading.network.answers.contract import AnswerHead
from nextword.tasks.reading.network.batch import ReadingBatch
from nextword.tasks.reading.network.hops import Attended, Encoded


class FreeHead(AnswerHead):
    """Writes the answer: a decoder that starts from the state and attends to the passage.

    The decoder attends to the encoded words with their embeddings, and with the share of attention
    that each hop paid to the sentence of the word; so it can write a word of a sentence that was
    found. If the decoder copies, these shares are also priors of its attention, so that it copies
    from a sentence that was found.

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

    @staticmethod
    def value_size(size: int, *, embedding_size: int, num_hops: int) -> int:
        """Return the size of the vectors that the decoder attends to.

        Args:
            size: Size of the vectors of encoded words.
            embedding_size: Size of their embeddings.
            num_hops: Number of hops.
        """
        return size + embedding_size + num_hops

    def start(self, passage: Encoded, attended: Attended) -> tuple[SourceMemory, DecoderState]:
        """Return what the decoder attends to, and its state before the first step.

        Args:
            passage: The encoded passages.
            attended: What the hops found.
        """
        attention, words = self.decoder.attention, attended.words
        shares = [words.sentence_shares(each) for each in attended.passage_weights.unbind(1)]
        found = torch.stack(shares, dim=2).to(passage.outputs.dtype)
        values = torch.cat([passage.outputs, words.embeddings, found], dim=2)
        if attention is None:
            steps = torch.arange(values.shape[1], device=values.device)
            mask = steps < passage.lengths[:, None]
            memory = SourceMemory(keys=values, values=values, mask=mask)
        else:
            memory = attention.prepare(values, passage.lengths, priors=found)
            if words.target_ids is not None:
                memory = replace(memory, copies=self.decoder.output_rows[words.target_ids])
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
