"""The settings of models that write text: symbols, recurrent layers and the decoder."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import ConfigError, DataError, NonNegativeInt, PositiveInt, require, settings
from nextword.cells import CELLS, Nonlinearity
from nextword.families.contract import NumLayers
from nextword.layers import AttentionKind
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
        copy: Whether a symbol can be copied from the source position that attention is at. A
            learned gate mixes the probabilities of the vocabulary and of copies.
    """

    attention: AttentionKind | Literal["none"] = "general"
    attention_size: PositiveInt = 128
    location_width: NonNegativeInt = 0
    input_feeding: bool = False
    copy: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in (
            ("input_feeding", self.input_feeding),
            ("location_width", self.location_width),
            ("copy", self.copy),
        ):
            require(
                self.attention != "none" or not value,
                f"{name} is {value}, but attention is 'none'.",
                help=f"Leave decoder.{name} out, or choose a decoder.attention.",
            )
