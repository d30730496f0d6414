"""The two ends of every network, where tokens are: how they are read and predicted."""

from dataclasses import dataclass, field

from torch import nn

from nextword.base import require
from nextword.layers.dropout import Dropout, LockedDropout
from nextword.layers.embeddings import NARROWING, AdaptiveEmbedding, embedding_table
from nextword.layers.heads import FullSoftmax, Output, OutputFactory
from nextword.layers.token_input import TokenInput


@dataclass(frozen=True, kw_only=True)
class TokenLayers:
    """What a network reads tokens with and predicts them with, whatever stands between.

    Attributes:
        vocab_size: Number of token ids.
        boundary_id: The id that is read before the first token of a text.
        never_ids: Ids that are never predicted.
        one_hot: Whether tokens are one-hot vectors instead of rows of a table.
        frozen: Whether training leaves the table as it is.
        tied: Whether the table is the output's weight too.
        output: Builds the output layer.
        cutoffs: Ids from which on the table's rows are narrower, where it is an adaptive output's
            as well.
        narrowing: How many times narrower they are.
        input_dropout: Share of the vectors' entries dropped in training.
        output_dropout: Share dropped of what the output reads.
        embedding_dropout: Share of the vocabulary whose vector is dropped, a window at a time.
        locked: One mask for all steps of a window instead of one a step.
    """

    vocab_size: int
    boundary_id: int
    never_ids: tuple[int, ...]
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
        """Refuse a table that shall be the output's weight but has another width.

        Args:
            embedding_size: Width of the table's rows.
            width: Of what the output reads.
            name: What that one is called.

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
        """Draw the table of vectors so wide; None where tokens are one-hot vectors.

        Raises:
            ConfigError: It is tied, but there is none.
        """
        return embedding_table(
            self.vocab_size,
            width,
            one_hot=self.one_hot,
            frozen=self.frozen,
            tied=self.tied,
            cutoffs=self.cutoffs,
            narrowing=self.narrowing,
        )

    def token_input(self) -> TokenInput:
        """Build what looks vectors up in the table."""
        return TokenInput(
            self.vocab_size,
            input_dropout=self.input_dropout,
            embedding_dropout=self.embedding_dropout,
            locked=self.locked,
        )

    def dropout(self, share: float) -> nn.Module:
        """Build dropout of a share, locked or not."""
        return LockedDropout(share) if self.locked else Dropout(share)

    def output_layer(self, width: int, table: nn.Parameter | AdaptiveEmbedding | None) -> Output:
        """Build the output over vectors so wide, its weight the table where they are tied."""
        return self.output(
            width,
            self.vocab_size,
            never_ids=self.never_ids,
            tied_weight=table if self.tied else None,
        )
