"""The settings of a transducer."""

from dataclasses import dataclass, field
from typing import Literal

from nextword.base import (
    ConfigError,
    DataError,
    NonNegativeInt,
    PositiveInt,
    Probability,
    require,
    settings,
)
from nextword.cells import CELLS, Nonlinearity
from nextword.families.contract import NumLayers
from nextword.families.regularization import DropoutProbability
from nextword.layers import AttentionKind
from nextword.optim import ClippingConfig
from nextword.tasks.running import TaskConfig, TaskTrainingConfig
from nextword.tokens import TokenizerConfig

#: Words that tokenizers use for padding, and for the start and the end of a text.
_RESERVED = frozenset({"<s>", "</s>", "<pad>"})
SymbolKind = Literal["character", "symbol", "word", "byte", "bpe"]


@dataclass(frozen=True, kw_only=True)
class SymbolConfig:
    """How the texts of one side are split into symbols.

    Attributes:
        kind: `character`; `symbol` (given symbols between blanks, such as phonemes: all are
            known); `word` (as `symbol`, but rare words are out-of-vocabulary); `byte`; or `bpe`.
        vocab_size: Maximum number of tokens; see `tokenizer.vocab_size`.
        min_count: Symbols that occur less often in the training data are out-of-vocabulary; see
            `tokenizer.min_count`.
    """

    kind: SymbolKind = "character"
    vocab_size: int | None = None
    min_count: PositiveInt | None = None

    def __post_init__(self) -> None:
        try:
            _ = self.tokenizer
        except ConfigError as error:
            message = error.message.removeprefix("tokenizer.")
            raise ConfigError(message, help=error.help) from error

    @property
    def tokenizer(self) -> TokenizerConfig:
        """The settings of the tokenizer.

        Raises:
            ConfigError: A value does not apply to the kind.
        """
        if self.kind == "symbol":
            return TokenizerConfig(
                kind="word",
                vocab_size=self.vocab_size,
                min_count=self.min_count or 1,
                closed=False,
            )
        closed: Literal["auto"] | bool = False if self.kind == "word" else "auto"
        return TokenizerConfig(
            kind=self.kind, vocab_size=self.vocab_size, min_count=self.min_count, closed=closed
        )

    def check(self, text: str, *, place: str) -> None:
        """Refuse a text with a reserved symbol such as `<s>` as a word.

        Args:
            text: The text.
            place: Where it is from, for the error message.

        Raises:
            DataError: The text contains a reserved symbol.
        """
        found = _RESERVED.intersection(text.split()) if self.has_blanks else ()
        for symbol in found:
            raise DataError(
                f"{place}: {symbol} is a reserved symbol; it cannot be one of the symbols.",
                help="Write it differently in the file, such as (s).",
            )

    @property
    def has_blanks(self) -> bool:
        """Whether symbols are separated by blanks, whose number does not count."""
        return self.kind in ("symbol", "word")


@settings("source")
@dataclass(frozen=True, kw_only=True)
class SourceConfig(SymbolConfig):
    """`source.*`: the symbols of sources; see `SymbolConfig`."""


@settings("target")
@dataclass(frozen=True, kw_only=True)
class TargetConfig(SymbolConfig):
    """`target.*`: the symbols of targets; see `SymbolConfig`."""


@dataclass(frozen=True, kw_only=True)
class LayersConfig:
    """Recurrent layers with an embedding.

    Attributes:
        cell: Cell of the recurrent layers; those of `model.cell`.
        nonlinearity: σ of the Elman cells: `tanh`, `sigmoid` or `relu`.
        forget_bias: Initial bias of the forget gate, in every kind of LSTM.
        num_layers: Number of stacked layers.
        hidden_size: Size of the hidden state of every layer, in each direction.
        projection_size: Size of the projected hidden state of `lstm_projected`.
        embedding_size: Size of the embeddings.
        init: Folder of a trained recurrent language model of the same cell and sizes, from which
            the embeddings and layers start.
    """

    cell: str = "lstm"
    nonlinearity: Nonlinearity = "tanh"
    forget_bias: float = 1.0
    num_layers: NumLayers = 1
    hidden_size: PositiveInt = 256
    projection_size: PositiveInt | None = None
    embedding_size: PositiveInt = 64
    init: str | None = None

    def __post_init__(self) -> None:
        CELLS.check(self.cell)
        require(
            (self.projection_size is not None) == (self.cell == "lstm_projected"),
            f"projection_size is {self.projection_size} and cell is {self.cell!r}; only "
            "'lstm_projected' has a projection, and it needs a size.",
            help="Set projection_size if and only if cell is lstm_projected.",
        )


@settings("encoder")
@dataclass(frozen=True, kw_only=True)
class SourceEncoderConfig(LayersConfig):
    """`encoder.*`: the encoder of sources; see `LayersConfig`.

    Attributes:
        bidirectional: Read each source in both directions.
    """

    bidirectional: bool = True


@settings("decoder")
@dataclass(frozen=True, kw_only=True)
class DecoderConfig(LayersConfig):
    """`decoder.*`: the decoder of targets; see `LayersConfig`.

    Attributes:
        attention: Attention to the source: `additive`, `dot`, `general`, or `none` (the source is
            known through the initial state only).
        attention_size: Size of the hidden layer of `additive` attention.
        location_width: Largest distance by which attention can learn to move from one step to the
            next; no location bias when 0. The decoder then runs step by step, which is slower.
        input_feeding: Feed the result of attention into the next step. The decoder then runs step
            by step, which is slower.
    """

    attention: AttentionKind | Literal["none"] = "general"
    attention_size: PositiveInt = 128
    location_width: NonNegativeInt = 0
    input_feeding: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in (
            ("input_feeding", self.input_feeding),
            ("location_width", self.location_width),
        ):
            require(
                self.attention != "none" or not value,
                f"{name} is {value}, but attention is 'none'.",
                help=f"Leave decoder.{name} out, or choose a decoder.attention.",
            )


@settings("transduction")
@dataclass(frozen=True, kw_only=True)
class TransductionConfig:
    """`transduction.*`: the loss and its regularization.

    Attributes:
        dropout: Dropout probability of embeddings, between layers, and of outputs.
        label_smoothing: Share of the target distribution that is spread over all symbols.
        free_running_probability: Probability that a step of the decoder reads the model's own
            prediction instead of the true symbol (scheduled sampling); 0 is teacher forcing.
    """

    dropout: DropoutProbability = 0.2
    label_smoothing: Probability = 0.1
    free_running_probability: Probability = 0.0


@settings("training")
@dataclass(frozen=True, kw_only=True)
class TransductionTrainingConfig(TaskTrainingConfig):
    """`training.*`: batches, length of training, dtype, device and backend.

    Attributes:
        batch_size: Number of pairs in a batch.
        max_length: Longest source or target in training, in symbols; pairs with longer ones are
            left out, with a notice.
    """

    batch_size: PositiveInt = 128


@settings()
@dataclass(frozen=True, kw_only=True)
class TransductionRunConfig(TaskConfig):
    """All settings of a training run of a transducer.

    Attributes:
        source: The symbols of sources.
        target: The symbols of targets.
        encoder: The encoder of sources.
        decoder: The decoder of targets.
        transduction: The loss and its regularization.
    """

    source: SourceConfig = field(default_factory=SourceConfig)
    target: TargetConfig = field(default_factory=TargetConfig)
    # Sources are sequences of symbols, not of words with characters as in the other tasks.
    encoder: SourceEncoderConfig = field(  # type: ignore[assignment]
        default_factory=SourceEncoderConfig
    )
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    transduction: TransductionConfig = field(default_factory=TransductionConfig)
    training: TransductionTrainingConfig = field(default_factory=TransductionTrainingConfig)
    clipping: ClippingConfig = field(default_factory=lambda: ClippingConfig(threshold=1.0))
