"""The reader's network: encoders of question and passage, hops of attention, and an answer."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nextword.tasks.encoding import SequenceEncoder, TokenBatch
from nextword.tasks.reading.network.answers import AnswerHead
from nextword.tasks.reading.network.batch import NUM_MATCHES, NUM_SEGMENTS, ReadingBatch
from nextword.tasks.reading.network.hops import (
    Attended,
    Encoded,
    Hops,
    Layers,
    PassageWords,
    run_layers,
)
from nextword.tensors import Embeddings, Lengths

#: Size of the embedding that tells the question from the history.
SEGMENT_SIZE = 8
#: Weights below this are as good as 0 in the loss of attention.
_SMALLEST = 1e-9


@dataclass(frozen=True, kw_only=True)
class ReadingLoss:
    """The loss of a batch, summed over its questions, in nats.

    Attributes:
        answers: Negative log-likelihood of the answers, with label smoothing.
        attention: Negative logarithm of the attention to supporting sentences, mean over the hops.
    """

    answers: Float[Tensor, ""]
    attention: Float[Tensor, ""]


class ReadingModel(nn.Module):
    """Reads a passage with a question in mind.

    The passage is encoded for its question: each word's inputs are its embedding, whether it is in
    the question and in the history, and the encoded question. So the recurrent layers know what to
    track while they read.

    Args:
        encoder: The encoder of passages, whose embeddings are also those of questions; it expects
            `extra_size` further inputs.
        question_layers: The recurrent layers of questions.
        hops: The hops of attention.
        head: Finds the answer.

    Source: [hermann2015]; the question as an input of every word of the passage is the conditional
    encoding of [rocktaschel2016]; the match features are from [chen2017].
    """

    def __init__(
        self,
        encoder: SequenceEncoder,
        *,
        question_layers: Layers,
        hops: Hops,
        head: AnswerHead,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.segments = nn.Embedding(NUM_SEGMENTS, SEGMENT_SIZE)
        self.question_layers = question_layers
        self.hops = hops
        self.head = head

    @staticmethod
    def extra_size(output_size: int) -> int:
        """Return the size of a word's inputs besides its embedding.

        Args:
            output_size: Size of the vectors of an encoded question.
        """
        return output_size + NUM_MATCHES

    def forward(self, batch: ReadingBatch) -> tuple[Encoded, Attended]:
        """Return the passages as the last hop has read them, and what the hops found.

        Args:
            batch: The questions.
        """
        question = self._encode_question(batch.questions, batch.segments)
        embeddings = self.encoder.embed(batch.passages)
        width = embeddings.shape[1]
        asked = question.final[:, None].expand(-1, width, -1)
        inputs = torch.cat([embeddings, batch.matches.to(embeddings.dtype), asked], dim=2)
        passage = self._run(self.encoder.core, inputs, batch.passages.lengths)
        words = PassageWords(
            places=batch.passages.places,
            sentences=batch.sentences,
            mask=batch.passages.mask(),
            embeddings=embeddings,
            target_ids=batch.target_ids,
        )
        attended: Attended = self.hops(question, passage, words=words)
        return attended.passage, attended

    def loss(self, batch: ReadingBatch) -> ReadingLoss:
        """Return the loss of a batch.

        Args:
            batch: The questions with their targets.
        """
        passage, attended = self(batch)
        answers = self.head.loss(passage, attended, batch=batch)
        return ReadingLoss(answers=answers, attention=_attention_loss(attended, batch))

    def _encode_question(self, questions: TokenBatch, segments: Tensor) -> Encoded:
        inputs = torch.cat([self.encoder.embed(questions), self.segments(segments)], dim=2)
        return self._run(self.question_layers, inputs, questions.lengths)

    def _run(self, layers: Layers, inputs: Embeddings, lengths: Lengths) -> Encoded:
        encoded = run_layers(layers, self.encoder.input_dropout(inputs), lengths=lengths)
        return replace(encoded, outputs=self.encoder.output_dropout(encoded.outputs))


def _attention_loss(attended: Attended, batch: ReadingBatch) -> Tensor:
    """Return -log of the attention to the supporting words, summed over rows that have any."""
    weights = attended.passage_weights.float()
    if batch.supporting is None:
        return weights.new_zeros(())
    share = (weights * batch.supporting).sum(dim=2)
    has_any = batch.supporting.amax(dim=(1, 2)) > 0
    nll = -torch.log(share.clamp_min(_SMALLEST)).mean(dim=1)
    return (nll * has_any).sum()
