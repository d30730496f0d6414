"""Settings of a model, and how they build one."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import STRICT, require_range
from nextword.cells import AnyCell, ElmanCell, LstmCell, Nonlinearity
from nextword.models.recurrent import RecurrentLanguageModel


@STRICT
@dataclass(frozen=True, kw_only=True)
class OutputConfig:
    """`output.*`: how hidden vectors become probabilities.

    Attributes:
        kind: `full`, the softmax over the whole vocabulary.
    """

    kind: Literal["full"] = "full"


@STRICT
@dataclass(frozen=True, kw_only=True)
class RegularizationConfig:
    """`regularization.*`: what is dropped in training, each a share in [0, 1).

    Attributes:
        input_dropout: Of the embeddings' entries.
        layer_dropout: Of what one layer hands to the next.
        output_dropout: Of the last layer's outputs.
        embedding_dropout: Of the vocabulary: whole rows of the embedding table.
        locked: One mask for all steps of a window (locked, "variational") instead of one a step.
    """

    input_dropout: float = 0.0
    layer_dropout: float = 0.0
    output_dropout: float = 0.0
    embedding_dropout: float = 0.0
    locked: bool = True

    def __post_init__(self) -> None:
        for name in ("input_dropout", "layer_dropout", "output_dropout", "embedding_dropout"):
            require_range(name, getattr(self, name), low=0.0, high=0.95)


@STRICT
@dataclass(frozen=True, kw_only=True)
class RecurrentConfig:
    """`model.*` of the family `recurrent`.

    Attributes:
        family: `recurrent`.
        cell: `lstm` or `elman`.
        nonlinearity: σ of the Elman cell: `tanh`, `sigmoid` or `relu`.
        num_layers: How many layers stand above each other.
        hidden_size: Width of every layer's state.
        embedding_size: Width of an embedding; as hidden_size when not given.
        tied: Whether the embedding table is the output's weight too.
        forget_bias: Where the LSTM's forget bias starts.
    """

    family: Literal["recurrent"] = "recurrent"
    cell: Literal["lstm", "elman"] = "lstm"
    nonlinearity: Nonlinearity = "tanh"
    num_layers: int = 1
    hidden_size: int = 200
    embedding_size: int | None = None
    tied: bool = True
    forget_bias: float = 1.0

    def __post_init__(self) -> None:
        require_range("num_layers", self.num_layers, low=1)
        require_range("hidden_size", self.hidden_size, low=1)
        require_range("embedding_size", self.embedding_size or 1, low=1)

    def describe(self) -> str:
        """Say in a few words what it is.

        Example:
            >>> RecurrentConfig(cell="lstm", num_layers=2, hidden_size=200).describe()
            '2 lstm layers of 200'
        """
        layers = "layer" if self.num_layers == 1 else "layers"
        return f"{self.num_layers} {self.cell} {layers} of {self.hidden_size}"

    def build(
        self,
        *,
        vocab_size: int,
        boundary_id: int,
        never_ids: tuple[int, ...],
        regularization: RegularizationConfig,
        backend: str = "auto",
    ) -> RecurrentLanguageModel:
        """Build the model, its weights drawn from torch's generator."""
        sizes = [self.embedding_size or self.hidden_size]
        sizes += [self.hidden_size] * self.num_layers
        return RecurrentLanguageModel(
            vocab_size=vocab_size,
            boundary_id=boundary_id,
            never_ids=never_ids,
            cells=[self._cell(size) for size in sizes[:-1]],
            tied=self.tied,
            input_dropout=regularization.input_dropout,
            layer_dropout=regularization.layer_dropout,
            output_dropout=regularization.output_dropout,
            embedding_dropout=regularization.embedding_dropout,
            locked=regularization.locked,
            backend=backend,
        )

    def _cell(self, input_size: int) -> AnyCell:
        if self.cell == "elman":
            return ElmanCell(input_size, self.hidden_size, nonlinearity=self.nonlinearity)
        return LstmCell(input_size, self.hidden_size, forget_bias=self.forget_bias)
