"""Everything that a transducer is built from, apart from its weights."""

from dataclasses import dataclass, replace

from nextword.base import FormatError, NextwordError, Values, decode, encode
from nextword.cells import CELLS, AnyCell
from nextword.layers import Attention
from nextword.models import parameter_tensors
from nextword.tasks.storing import StoredTask
from nextword.tasks.decoding.bridge import Bridge
from nextword.tasks.transduction.config import (
    DecoderConfig,
    LayersConfig,
    SourceConfig,
    SourceEncoderConfig,
    TargetConfig,
    TransductionConfig,
)
from nextword.tasks.decoding.decoder import Decoder
from nextword.tasks.transduction.encoder import SourceEncoder
from nextword.tasks.transduction.model import EncoderDecoder
from nextword.tasks.decoding.symbols import Symbols
from nextword.tokens import VocabularyTokenizer

KIND = "transduction"
#: The longest possible target is this many tokens longer than what the training data suggest.
_MORE_TOKENS = 10
_DAMAGED_HELP = "Copy the model folder again."


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


@dataclass(frozen=True, kw_only=True)
class TransducerParts:
    """Everything that a transducer is built from, apart from its weights.

    Attributes:
        source: The symbols of sources.
        target: The symbols of targets.
        encoder: Settings of the encoder.
        decoder: Settings of the decoder.
        config: Settings of the loss; `dropout` is a setting of the network.
        lengths: Lengths of the training targets.
    """

    source: Symbols
    target: Symbols
    encoder: SourceEncoderConfig
    decoder: DecoderConfig
    config: TransductionConfig
    lengths: TargetLengths

    def build(self, *, backend: str = "auto") -> EncoderDecoder:
        """Return the network with random weights.

        Args:
            backend: Name of the implementation of recurrent layers; `auto` chooses one.

        Raises:
            ConfigError: The sizes of encoder and decoder do not fit the attention.
        """
        encoder = self._encoder(backend)
        decoder = self._decoder(encoder.output_size, backend)
        bridge = Bridge(encoder.state_sizes, decoder.core.layers)
        return EncoderDecoder(encoder, decoder, bridge=bridge)

    def _encoder(self, backend: str) -> SourceEncoder:
        config, directions = self.encoder, 2 if self.encoder.bidirectional else 1
        sets = [
            _cells(config, config.embedding_size, directions=directions) for _ in range(directions)
        ]
        return SourceEncoder(
            self.source.tokenizer.vocab_size,
            forward_cells=sets[0],
            backward_cells=sets[1] if config.bidirectional else None,
            dropout=self.config.dropout,
            backend=backend,
        )

    def _decoder(self, value_size: int, backend: str) -> Decoder:
        config, tokenizer = self.decoder, self.target.tokenizer
        fed_size = (config.projection_size or config.hidden_size) if config.input_feeding else 0
        cells = _cells(config, config.embedding_size + fed_size)
        attention = None
        if config.attention != "none":
            attention = Attention(
                config.attention,
                query_size=cells[-1].output_size,
                value_size=value_size,
                attention_size=config.attention_size,
                location_width=config.location_width,
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
            dropout=self.config.dropout,
            backend=backend,
        )

    def stored(self, model: EncoderDecoder, *, config: Values, card: str) -> StoredTask:
        """Return the content of the model folder.

        Args:
            model: The network with its weights.
            config: Further sections of `config.json`.
            card: The model card.
        """
        return StoredTask(
            kind=KIND,
            config={
                **config,
                "source": encode(self.source.config),
                "target": encode(self.target.config),
                "encoder": encode(replace(self.encoder, init=None)),
                "decoder": encode(replace(self.decoder, init=None)),
                "transduction": encode(self.config),
                "lengths": {"longest": self.lengths.longest, "ratio": self.lengths.ratio},
            },
            tensors=parameter_tensors(model),
            vocabularies={
                "source": self.source.tokenizer.to_json(),
                "target": self.target.tokenizer.to_json(),
            },
            card=card,
        )

    @classmethod
    def from_stored(cls, stored: StoredTask) -> "TransducerParts":
        """Return the parts of a stored transducer.

        Raises:
            FormatError: The folder is damaged.
        """
        config, vocabularies, origin = stored.config, stored.vocabularies, str(stored.path)
        try:
            return cls(
                source=Symbols(
                    decode(SourceConfig, config["source"], source=origin),
                    VocabularyTokenizer.from_json(vocabularies["source"]),
                ),
                target=Symbols(
                    decode(TargetConfig, config["target"], source=origin),
                    VocabularyTokenizer.from_json(vocabularies["target"]),
                ),
                encoder=decode(SourceEncoderConfig, config["encoder"], source=origin),
                decoder=decode(DecoderConfig, config["decoder"], source=origin),
                config=decode(TransductionConfig, config["transduction"], source=origin),
                lengths=TargetLengths(
                    longest=int(config["lengths"]["longest"]),
                    ratio=float(config["lengths"]["ratio"]),
                ),
            )
        except FormatError:
            raise
        except (NextwordError, KeyError, TypeError, ValueError, AttributeError) as error:
            message = getattr(error, "message", f"{type(error).__name__} {error}")
            raise FormatError(f"{origin} is damaged: {message}", help=_DAMAGED_HELP) from error


def _cells(config: LayersConfig, input_size: int, *, directions: int = 1) -> list[AnyCell]:
    """Return the cells of one direction, lowest first."""
    build, cells = CELLS[config.cell], []
    for _ in range(config.num_layers):
        cells.append(build(input_size, config))
        input_size = directions * cells[-1].output_size
    return cells
