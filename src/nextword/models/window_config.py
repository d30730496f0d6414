"""Settings of Bengio's model, and how they build one."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import STRICT, require_range
from nextword.cells import Nonlinearity
from nextword.embeddings import EmbeddingConfig
from nextword.models.config import MAX_LAYERS, RegularizationConfig, require_no_time_loop
from nextword.models.ends_config import input_size, network_ends
from nextword.models.window import WindowLanguageModel
from nextword.outputs import OutputConfig
from nextword.windows import ConcatenatedLayers


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
        require_range("num_layers", self.num_layers, low=1, high=MAX_LAYERS)
        require_range("model.embedding_size", self.embedding_size, low=1)

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
        layers = ConcatenatedLayers(
            input_size(ends, self.embedding_size, self.hidden_size),
            self.hidden_size,
            window=self.window,
            num_layers=self.num_layers,
            nonlinearity=self.nonlinearity,
            dropout_between=ends.dropout(regularization.layer_dropout),
        )
        return WindowLanguageModel(ends, family=self.family, layers=layers, direct=self.direct)
