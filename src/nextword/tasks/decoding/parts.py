"""Builds a decoder from its settings, and limits the length of what it writes."""

from dataclasses import dataclass

from nextword.cells import CELLS, AnyCell
from nextword.layers import Attention
from nextword.tasks.decoding.config import DecoderConfig, LayersConfig
from nextword.tasks.decoding.decoder import Decoder
from nextword.tokens import VocabularyTokenizer

#: The longest possible target is this many tokens longer than what the training data suggest.
_MORE_TOKENS = 10


@dataclass(frozen=True, kw_only=True)
class TargetLengths:
    """Lengths of the training targets, from which the longest possible target is computed.

    Attributes:
        longest: Number of tokens of the longest target.
        ratio: Number of target tokens per source token.
    """

    longest: int
    ratio: float

    def limit(self, source_length: int) -> int:
        """Return the maximum number of target tokens of a source.

        Args:
            source_length: Number of tokens of the source.
        """
        return max(self.longest, round(2 * self.ratio * source_length)) + _MORE_TOKENS


def build_decoder(
    config: DecoderConfig,
    tokenizer: VocabularyTokenizer,
    *,
    value_size: int,
    dropout: float,
    num_priors: int = 0,
    backend: str = "auto",
) -> Decoder:
    """Return a decoder with random weights.

    Args:
        config: The settings.
        tokenizer: The tokenizer of targets.
        value_size: Size of the encoder's outputs.
        dropout: Dropout probability; see `Decoder`.
        num_priors: Number of priors of the attention; see `Attention`.
        backend: Name of the implementation of recurrent layers; `auto` chooses one.

    Raises:
        ConfigError: The sizes of encoder and decoder do not fit the attention.
    """
    fed_size = (config.projection_size or config.hidden_size) if config.input_feeding else 0
    cells = stacked_cells(config, config.embedding_size + fed_size)
    attention = None
    if config.attention != "none":
        attention = Attention(
            config.attention,
            query_size=cells[-1].output_size,
            value_size=value_size,
            attention_size=config.attention_size,
            location_width=config.location_width,
            num_priors=num_priors,
        )
    never = (tokenizer.pad_id, tokenizer.sentence_start_id)
    return Decoder(
        tokenizer.vocab_size,
        output_ids=[i for i in range(tokenizer.vocab_size) if i not in never],
        cells=cells,
        embedding_size=config.embedding_size,
        attention=attention,
        input_feeding=config.input_feeding,
        value_size=value_size,
        copy=config.copy,
        dropout=dropout,
        backend=backend,
    )


def stacked_cells(config: LayersConfig, input_size: int, *, directions: int = 1) -> list[AnyCell]:
    """Return the cells of one direction, lowest first.

    Args:
        config: The settings.
        input_size: Size of the inputs of the lowest layer.
        directions: Number of directions whose outputs the next layer reads.
    """
    build, cells = CELLS[config.cell], []
    for _ in range(config.num_layers):
        cells.append(build(input_size, config))
        input_size = directions * cells[-1].output_size
    return cells
