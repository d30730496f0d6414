"""The layers of a network that depend on the vocabulary: input embedding and output head."""

from dataclasses import dataclass, field

from torch import nn

from nextword.base import require
from nextword.layers.dropout import Dropout, LockedDropout
from nextword.layers.embeddings import NARROWING, AdaptiveEmbedding, embedding_table
from nextword.layers.heads import FullSoftmax, Output, OutputFactory
from nextword.layers.token_input import TokenInput
from nextword.tokens import VocabularySpec


@dataclass(frozen=True, kw_only=True)
class TokenLayers:
    """Builds the input embedding and the output head of a network.

    Attributes:
        vocabulary: Size and special ids of the vocabulary.
        one_hot: Whether tokens are one-hot vectors instead of rows of an embedding table.
        frozen: Whether the embedding table is not trained.
        tied: Whether the embedding table is also the weight of the output head.
        output: Builds the output head.
        cutoffs: First ids of the clusters of an adaptive embedding; every vector has the same width
            when empty.
        narrowing: Factor by which each cluster's vectors are narrower than those of the one before.
        input_dropout: Dropout probability of the entries of embedding vectors.
        output_dropout: Dropout probability of the inputs of the output head.
        embedding_dropout: Probability that a word's vector is dropped for a whole window.
        locked: Whether dropout uses one mask for all steps of a window instead of one per step.
    """

    vocabulary: VocabularySpec
    one_hot: bool = False
    frozen: bool = False
    tied: bool = True
    # A class as the attribute itself would be documented as a class of its own.
    output: OutputFactory = field(default_factory=lambda: FullSoftmax)
    cutoffs: tuple[int, ...] = ()
    narrowing: int = NARROWING
    input_dropout: float = 0.0
    output_dropout: float = 0.0
    embedding_dropout: float = 0.0
    locked: bool = True

    def require_tied_width(self, embedding_size: int, width: int, *, name: str) -> None:
        """Refuse a tied embedding table whose width differs from the output head's input size.

        Args:
            embedding_size: Width of the table's rows.
            width: Width of the output head's inputs.
            name: The name of `width` in the message.

        Raises:
            ConfigError: The widths differ.
        """
        require(
            self.one_hot or not self.tied or embedding_size == width,
            f"model.tied needs equal sizes, but embedding_size is {embedding_size} and {name} "
            f"{width}.",
            help="Set them equal, or --set model.tied=false.",
        )

    def table(self, width: int) -> nn.Parameter | AdaptiveEmbedding | None:
        """Build the embedding table.

        Args:
            width: Width of the vectors.

        Returns:
            (vocab, width), or clusters of narrower rows; None where tokens are one-hot vectors.

        Raises:
            ConfigError: Weights are tied, but tokens are one-hot vectors.
        """
        return embedding_table(
            self.vocabulary.vocab_size,
            width,
            one_hot=self.one_hot,
            frozen=self.frozen,
            tied=self.tied,
            cutoffs=self.cutoffs,
            narrowing=self.narrowing,
        )

    def token_input(self) -> TokenInput:
        """Build the layer that looks up embedding vectors."""
        return TokenInput(
            self.vocabulary.vocab_size,
            input_dropout=self.input_dropout,
            embedding_dropout=self.embedding_dropout,
            locked=self.locked,
        )

    def dropout(self, share: float) -> nn.Module:
        """Build dropout with a probability in [0, 1), locked over time if `locked` is true."""
        return LockedDropout(share) if self.locked else Dropout(share)

    def output_head(self, width: int, table: nn.Parameter | AdaptiveEmbedding | None) -> Output:
        """Build the output head.

        Args:
            width: Width of its inputs.
            table: The embedding table; also the weight of the head where weights are tied.
        """
        return self.output(
            width,
            self.vocabulary.vocab_size,
            never_ids=self.vocabulary.never_ids,
            tied_weight=table if self.tied else None,
        )
