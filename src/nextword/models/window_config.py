"""Settings of Bengio's model, and how they build one."""

from dataclasses import dataclass
from typing import Literal

from torch import nn

from nextword.base import STRICT, require, require_range
from nextword.cells import Nonlinearity
from nextword.embeddings import EmbeddingConfig
from nextword.models.config import RegularizationConfig, input_size, tied_cutoffs
from nextword.models.window import WindowLanguageModel
from nextword.outputs import OutputConfig
from nextword.recurrent import Dropout, LockedDropout
from nextword.windows import ConcatenatedLayers, WindowLayers


@STRICT
@dataclass(frozen=True, kw_only=True)
class WindowConfig:
    """`model.*` of the family `window`: Bengio's feed-forward model.

    Attributes:
        family: `window`.
        window: Tokens that predict the next one.
        num_layers: Hidden layers above each other.
        hidden_size: Width of each.
        embedding_size: Width of an embedding; as hidden_size when not given.
        nonlinearity: σ: `tanh`, `sigmoid` or `relu`.
        tied: Whether the embedding table is the output's weight too.
        direct: Whether the embeddings reach the output past the hidden layers too.
    """

    family: Literal["window"] = "window"
    window: int = 5
    num_layers: int = 1
    hidden_size: int = 400
    embedding_size: int | None = None
    nonlinearity: Nonlinearity = "tanh"
    tied: bool = True
    direct: bool = False

    def __post_init__(self) -> None:
        for name in ("window", "num_layers", "hidden_size"):
            require_range(f"model.{name}", getattr(self, name), low=1)
        value = self.embedding_size
        require_range("model.embedding_size", 1 if value is None else value, low=1)

    def describe(self) -> str:
        """Say in a few words what it is.

        Example:
            >>> WindowConfig(window=5, hidden_size=400).describe()
            'window of 5 tokens, 1 hidden layer of 400'
        """
        layers = "layer" if self.num_layers == 1 else "layers"
        return (
            f"window of {self.window} tokens, {self.num_layers} hidden {layers} of "
            f"{self.hidden_size}"
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
    ) -> WindowLanguageModel:
        """Build the model, its weights drawn from torch's generator.

        Raises:
            ConfigError: A backend is asked for, or embedding or output do not fit.
        """
        embedding = embedding or EmbeddingConfig()
        layers = ConcatenatedLayers(
            input_size(embedding, self.embedding_size, self.hidden_size, vocab_size=vocab_size),
            self.hidden_size,
            window=self.window,
            num_layers=self.num_layers,
            nonlinearity=self.nonlinearity,
            dropout_between=dropout_between(regularization),
        )
        return window_model(
            layers,
            family=self.family,
            tied=self.tied,
            direct=self.direct,
            vocab_size=vocab_size,
            boundary_id=boundary_id,
            never_ids=never_ids,
            regularization=regularization,
            embedding=embedding,
            output=output or OutputConfig(),
            backend=backend,
        )


def dropout_between(regularization: RegularizationConfig) -> nn.Module:
    """Give the dropout that stands between layers."""
    dropout = LockedDropout if regularization.locked else Dropout
    return dropout(regularization.layer_dropout)


def window_model(
    layers: WindowLayers,
    *,
    family: str,
    tied: bool,
    direct: bool = False,
    vocab_size: int,
    boundary_id: int,
    never_ids: tuple[int, ...],
    regularization: RegularizationConfig,
    embedding: EmbeddingConfig,
    output: OutputConfig,
    backend: str,
) -> WindowLanguageModel:
    """Build the model around layers that read a window.

    Raises:
        ConfigError: A backend or a recurrent regulariser is asked for, or embedding or output do
            not fit.
    """
    regularization.require_not_recurrent(family)
    require(
        backend == "auto",
        f"training.backend is {backend!r}, but a {family} model has no layers that run over time.",
        help="Leave training.backend out.",
    )
    return WindowLanguageModel(
        family=family,
        vocab_size=vocab_size,
        boundary_id=boundary_id,
        never_ids=never_ids,
        layers=layers,
        one_hot=embedding.kind == "one_hot",
        frozen=embedding.frozen,
        tied=tied,
        direct=direct,
        output=output.factory(vocab_size=vocab_size),
        cutoffs=tied_cutoffs(output, embedding, tied=tied, vocab_size=vocab_size),
        input_dropout=regularization.input_dropout,
        output_dropout=regularization.output_dropout,
        embedding_dropout=regularization.embedding_dropout,
        locked=regularization.locked,
    )
