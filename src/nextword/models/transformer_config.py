"""Settings of the Transformer, and how they build one."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import STRICT, require, require_range
from nextword.embeddings import EmbeddingConfig
from nextword.models.config import MAX_LAYERS, RegularizationConfig, require_no_time_loop
from nextword.models.ends_config import input_size, network_ends
from nextword.models.transformer import TransformerLanguageModel
from nextword.outputs import OutputConfig

_FEEDFORWARD_FACTOR = 4


@STRICT
@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """`model.*` of the family `transformer`.

    Attributes:
        family: `transformer`.
        num_layers: Layers above each other.
        num_heads: Heads of the attention of each; they divide hidden_size among them.
        hidden_size: Width of every layer.
        feedforward_size: Width inside the feed-forward networks; 4 times hidden_size when not
            given.
        embedding_size: Width of an embedding; as hidden_size when not given.
        context_size: Tokens that a position sees in each layer, its own included.
        tied: Whether the embedding table is the output's weight too; with `output.kind=adaptive`
            the inputs are adaptive then.

    Raises:
        ConfigError: A size is below 1, or the heads do not divide hidden_size.
    """

    family: Literal["transformer"] = "transformer"
    num_layers: int = 4
    num_heads: int = 4
    hidden_size: int = 256
    feedforward_size: int | None = None
    embedding_size: int | None = None
    context_size: int = 128
    tied: bool = True

    def __post_init__(self) -> None:
        for name in ("num_layers", "num_heads", "hidden_size", "context_size"):
            require_range(f"model.{name}", getattr(self, name), low=1)
        require_range("num_layers", self.num_layers, low=1, high=MAX_LAYERS)
        for name in ("feedforward_size", "embedding_size"):
            require_range(f"model.{name}", getattr(self, name), low=1)
        require(
            self.hidden_size % self.num_heads == 0,
            f"model.hidden_size is {self.hidden_size}, which model.num_heads={self.num_heads} does "
            "not divide.",
            help=f"Set model.hidden_size={self._nearest_width()}, or other model.num_heads.",
        )

    def describe(self) -> str:
        """Say in a few words what it is.

        Example:
            >>> TransformerConfig(num_layers=4, num_heads=4, context_size=128).describe()
            '4 attention layers of 256, 4 heads over 128 tokens'
        """
        layers = "layer" if self.num_layers == 1 else "layers"
        heads = "head" if self.num_heads == 1 else "heads"
        return (
            f"{self.num_layers} attention {layers} of {self.hidden_size}, {self.num_heads} {heads} "
            f"over {self.context_size} tokens"
        )

    def build(
        self,
        *,
        vocab_size: int,
        boundary_id: int,
        never_ids: tuple[int, ...],
        regularization: RegularizationConfig,
        embedding: EmbeddingConfig | None = None,
        output: OutputConfig | None = None,
        backend: str = "auto",
    ) -> TransformerLanguageModel:
        """Build the model, its weights drawn from torch's generator.

        Raises:
            ConfigError: A backend or a recurrent regulariser is asked for, or embedding or output
                do not fit.
        """
        require_no_time_loop(self.family, backend=backend, regularization=regularization)
        ends = network_ends(
            vocab_size=vocab_size,
            boundary_id=boundary_id,
            never_ids=never_ids,
            tied=self.tied,
            regularization=regularization,
            embedding=embedding,
            output=output,
        )
        return TransformerLanguageModel(
            ends,
            embedding_size=input_size(ends, self.embedding_size, self.hidden_size),
            hidden_size=self.hidden_size,
            num_layers=self.num_layers,
            num_heads=self.num_heads,
            context_size=self.context_size,
            feedforward_size=self.feedforward_size or _FEEDFORWARD_FACTOR * self.hidden_size,
            layer_dropout=regularization.layer_dropout,
        )

    def _nearest_width(self) -> int:
        return max(1, round(self.hidden_size / self.num_heads)) * self.num_heads
