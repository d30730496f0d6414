"""The classifier's network: encoder, pooling, n-gram features and a score of each label."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.tasks.classification.network.ngram_features import NgramBatch, NgramFeatures
from nextword.tasks.classification.network.pooling import Pooling
from nextword.tasks.encoding import SequenceEncoder, TokenBatch
from nextword.tensors import Hidden

#: Score or probability of each label of each text.
LabelScores = Float[Tensor, "batch labels"]
#: The id of the label of each text, or for several labels 1 for each label that the text has.
Targets = Int64[Tensor, " batch"] | Float[Tensor, "batch labels"]


@dataclass(frozen=True, kw_only=True)
class TextBatch:
    """The texts of a batch.

    Attributes:
        tokens: Their words.
        ngrams: Their n-grams; None for a model without n-gram features.
    """

    tokens: TokenBatch
    ngrams: NgramBatch | None = None

    def to(self, device: torch.device) -> "TextBatch":
        """Return the batch on a device."""
        ngrams = None if self.ngrams is None else self.ngrams.to(device)
        return TextBatch(tokens=self.tokens.to(device), ngrams=ngrams)


class ClassificationModel(nn.Module):
    """Scores the labels of texts.

    Args:
        encoder: From the words of a text to one vector for each.
        num_labels: Number of labels.
        pooling: From these vectors to one; see `Pooling`.
        is_bidirectional: Whether the encoder reads in both directions.
        dropout: Dropout probability of the pooled vector.
        ngrams: The n-gram features; none when None.
        multi_label: Whether a text may have any number of labels.
        class_weights: Weight of each label in the loss, (labels); 1 for all when None.
        label_smoothing: Share of the target probability that is spread over all labels.
    """

    class_weights: Float[Tensor, " labels"] | None

    def __init__(
        self,
        encoder: SequenceEncoder,
        *,
        num_labels: int,
        pooling: str,
        is_bidirectional: bool,
        dropout: float = 0.0,
        ngrams: NgramFeatures | None = None,
        multi_label: bool = False,
        class_weights: Float[Tensor, " labels"] | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.pooling = Pooling(pooling, size=encoder.output_size, is_bidirectional=is_bidirectional)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(encoder.output_size, num_labels)
        self.ngrams = ngrams
        self.multi_label = multi_label
        self.label_smoothing = label_smoothing
        self.register_buffer("class_weights", class_weights, persistent=False)

    def forward(self, batch: TextBatch, *, word_vectors: Tensor | None = None) -> LabelScores:
        """Return the logit of each label, (batch, labels), in float32.

        Args:
            batch: The texts.
            word_vectors: See `SequenceEncoder.forward`.
        """
        outputs = self.encoder(batch.tokens, word_vectors=word_vectors)
        return self.score(outputs, batch)

    def score(self, outputs: Hidden, batch: TextBatch) -> LabelScores:
        """Return the logits from the outputs of the encoder, (batch, labels), in float32.

        Args:
            outputs: Vectors of the words, (batch, time, size).
            batch: The texts.
        """
        pooled = self.dropout(self.pooling(outputs, batch.tokens.lengths))
        logits: Tensor = self.output(pooled).float()
        if self.ngrams is not None and batch.ngrams is not None:
            logits = logits + self.ngrams(batch.ngrams)
        return logits

    def loss(self, batch: TextBatch, targets: Targets) -> Tensor:
        """Return the loss summed over the texts, in nats; weighted by the class weights.

        Args:
            batch: The texts.
            targets: Id of the label of each text, (batch); or 1 for each label that a text has and
                0 for the others, (batch, labels).
        """
        logits = self(batch)
        weights = self.class_weights
        if self.multi_label:
            smoothed = targets * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing
            return nn.functional.binary_cross_entropy_with_logits(
                logits, smoothed, pos_weight=weights, reduction="sum"
            )
        return nn.functional.cross_entropy(
            logits,
            targets,
            weight=weights,
            reduction="sum",
            label_smoothing=self.label_smoothing,
        )

    def probabilities(self, logits: LabelScores) -> LabelScores:
        """Return the probability of each label, (batch, labels).

        Args:
            logits: Result of the forward pass.
        """
        return logits.sigmoid() if self.multi_label else logits.softmax(1)
