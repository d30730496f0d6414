"""The tagger's network: the encoder, a score of each label, and a softmax or a CRF."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nextword.base import ConfigError
from nextword.tasks.encoding import SequenceEncoder, TokenBatch
from nextword.tasks.tagging.crf import Constraints, LinearChainCrf, ScoredLabels
from nextword.tensors import Lengths, TokenIds

#: Score of each label for each word.
Emissions = Float[Tensor, "batch time labels"]


class TaggingModel(nn.Module):
    """Predicts one label for each word.

    Args:
        encoder: From sentences to one vector for each word.
        num_labels: Number of labels.
        decoder: `crf` or `softmax`.
        constraints: Allowed label sequences of the CRF; all when None.

    Source: [huang2015]; with characters [lample2016], [ma2016].
    """

    def __init__(
        self,
        encoder: SequenceEncoder,
        num_labels: int,
        *,
        decoder: str,
        constraints: Constraints | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.output = nn.Linear(encoder.output_size, num_labels)
        self.crf: LinearChainCrf | None = None
        if decoder == "crf":
            self.crf = LinearChainCrf(num_labels, constraints=constraints)

    def forward(self, batch: TokenBatch, *, word_vectors: Tensor | None = None) -> Emissions:
        """Return the score of each label for each word, (batch, time, labels), in float32.

        Args:
            batch: The sentences.
            word_vectors: See `SequenceEncoder.forward`.
        """
        scores: Tensor = self.output(self.encoder(batch, word_vectors=word_vectors))
        return scores.float()

    def loss(self, batch: TokenBatch, label_ids: TokenIds) -> Tensor:
        """Return the negative log-likelihood of the labels, summed over all words, in nats.

        Args:
            batch: The sentences, each with at least one word.
            label_ids: Id of the label of each word, (batch, time); ignored for padding.
        """
        emissions = self(batch)
        if self.crf is None:
            mask = batch.mask()
            return nn.functional.cross_entropy(emissions[mask], label_ids[mask], reduction="sum")
        with torch.autocast(emissions.device.type, enabled=False):
            return self.crf.nll(emissions, label_ids, lengths=batch.lengths).sum()

    def decode(self, emissions: Emissions, lengths: Lengths) -> TokenIds:
        """Return the ids of the most probable labels, (batch, time).

        Args:
            emissions: Result of the forward pass.
            lengths: Number of words of each sentence, (batch), at least 1.
        """
        return emissions.argmax(2) if self.crf is None else self.crf.decode(emissions, lengths)

    def probabilities(self, emissions: Emissions, lengths: Lengths) -> Emissions:
        """Return the probability of each label of each word, (batch, time, labels).

        With a CRF these are marginals: sums over all label sequences.

        Args:
            emissions: Result of the forward pass.
            lengths: Number of words of each sentence, (batch), at least 1.
        """
        if self.crf is None:
            return emissions.softmax(2)
        return self.crf.marginals(emissions, lengths)

    def n_best(self, emissions: Emissions, lengths: Lengths, *, n: int) -> list[list[ScoredLabels]]:
        """Return the n most probable label sequences of each sentence; see `LinearChainCrf.n_best`.

        Args:
            emissions: Result of the forward pass.
            lengths: Number of words of each sentence, (batch), at least 1.
            n: Number of sequences, at least 1.

        Raises:
            ConfigError: The model has no CRF.
        """
        if self.crf is None:
            raise ConfigError(
                "the tagger predicts each label on its own (tagging.decoder is 'softmax'), so it "
                "does not rank label sequences.",
                help="Train with --set tagging.decoder=crf, or use the probability of each label.",
            )
        return self.crf.n_best(emissions, lengths, n=n)
