"""Everything that a reader is built from, apart from its weights."""

from dataclasses import dataclass, replace

from nextword.base import FormatError, NextwordError, Values, decode, encode
from nextword.models import parameter_tensors
from nextword.tasks.decoding import (
    Bridge,
    DecoderConfig,
    Symbols,
    TargetConfig,
    TargetLengths,
    build_decoder,
)
from nextword.tasks.encoding import EncoderParts, SequenceEncoder, recurrent_layers
from nextword.tasks.reading.config import ReadingConfig
from nextword.tasks.reading.network.answers import AnswerHead, CandidateHead, FreeHead, SpanHead
from nextword.tasks.reading.network.hops import Hops, Layers
from nextword.tasks.reading.network.model import SEGMENT_SIZE, ReadingModel
from nextword.tasks.reading.scoring import Baselines
from nextword.tasks.storing import StoredTask
from nextword.tokens import VocabularyTokenizer

KIND = "reading"
_DAMAGED_HELP = "Copy the model folder again."


@dataclass(frozen=True, kw_only=True)
class ReaderParts:
    """Everything that a reader is built from, apart from its weights.

    Attributes:
        encoder: Settings and vocabulary of the encoder.
        config: Settings of the hops and the answers.
        max_answer_words: Longest span in words.
        answers: The answers of the training data, most frequent first: the candidates of questions
            that have none. Empty unless answers are candidates.
        symbols: The symbols of written answers; None unless answers are written.
        decoder: Settings of the decoder of written answers.
        lengths: Lengths of the written answers of the training data.
        baselines: What trivial readers answer.
    """

    encoder: EncoderParts
    config: ReadingConfig
    max_answer_words: int
    answers: tuple[str, ...]
    symbols: Symbols | None
    decoder: DecoderConfig
    lengths: TargetLengths
    baselines: Baselines

    def build(self, *, backend: str = "auto") -> ReadingModel:
        """Return the network with random weights.

        Args:
            backend: Name of the implementation of recurrent layers; `auto` chooses one.

        Raises:
            ConfigError: The sizes of encoder and decoder do not fit the attention.
        """
        config = self.encoder.config
        output_size = config.projection_size or config.hidden_size
        output_size *= 2 if config.bidirectional else 1
        extra_size = ReadingModel.extra_size(output_size)
        encoder = self.encoder.build(extra_size=extra_size, backend=backend)
        return ReadingModel(
            encoder,
            question_layers=recurrent_layers(
                config, encoder.input_size + SEGMENT_SIZE, backend=backend
            ),
            hops=Hops(
                self.config.hops,
                size=output_size,
                attention=self.config.attention,
                attention_size=self.config.attention_size,
                dropout=self.config.dropout,
                rereaders=self._rereaders(output_size, backend),
            ),
            head=self._head(encoder, output_size, backend),
        )

    @property
    def copied_symbols(self) -> Symbols | None:
        """The symbols of written answers if words of the passage can be copied; None otherwise."""
        return self.symbols if self.decoder.copy else None

    def _rereaders(self, size: int, backend: str) -> list[Layers]:
        """Return the layers that read the passage again, one layer for every hop but the first."""
        if not self.config.reread:
            return []
        config = replace(self.encoder.config, num_layers=1)
        return [
            recurrent_layers(config, Hops.reread_size(size), backend=backend)
            for _ in range(self.config.hops - 1)
        ]

    def _head(self, encoder: SequenceEncoder, size: int, backend: str) -> AnswerHead:
        smoothing = self.config.label_smoothing
        if self.config.answer == "span":
            return SpanHead(size, max_words=self.max_answer_words)
        if self.config.answer == "candidate":
            return CandidateHead(encoder, size=size, label_smoothing=smoothing)
        assert self.symbols is not None  # written answers have symbols
        decoder = build_decoder(
            self.decoder,
            self.symbols.tokenizer,
            value_size=FreeHead.value_size(
                size, embedding_size=encoder.input_size, num_hops=self.config.hops
            ),
            dropout=self.config.dropout,
            num_priors=self.config.hops if self.decoder.copy else 0,
            backend=backend,
        )
        bridge = Bridge([size], decoder.core.layers)
        return FreeHead(decoder, bridge=bridge, label_smoothing=smoothing)

    def stored(self, model: ReadingModel, *, config: Values, card: str) -> StoredTask:
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
                **self.encoder.to_config(),
                "reading": encode(replace(self.config, max_answer_words=self.max_answer_words)),
                "target": encode(self.symbols.config if self.symbols else TargetConfig()),
                "decoder": encode(replace(self.decoder, init=None)),
                "lengths": {"longest": self.lengths.longest, "ratio": self.lengths.ratio},
            },
            tensors=parameter_tensors(model),
            vocabularies={
                **self.encoder.to_vocabularies(),
                "answers": list(self.answers),
                "target": self.symbols.tokenizer.to_json() if self.symbols else None,
                "baselines": self.baselines.to_values(),
            },
            card=card,
        )

    @classmethod
    def from_stored(cls, stored: StoredTask) -> "ReaderParts":
        """Return the parts of a stored reader.

        Raises:
            FormatError: The folder is damaged.
        """
        config, vocabularies, origin = stored.config, stored.vocabularies, str(stored.path)
        try:
            reading = decode(ReadingConfig, config["reading"], source=origin)
            symbols = None
            if vocabularies["target"] is not None:
                symbols = Symbols(
                    decode(TargetConfig, config["target"], source=origin),
                    VocabularyTokenizer.from_json(vocabularies["target"]),
                )
            return cls(
                encoder=EncoderParts.from_stored(config, vocabularies, source=origin),
                config=reading,
                max_answer_words=int(config["reading"]["max_answer_words"]),
                answers=tuple(map(str, vocabularies["answers"])),
                symbols=symbols,
                decoder=decode(DecoderConfig, config["decoder"], source=origin),
                lengths=TargetLengths(
                    longest=int(config["lengths"]["longest"]),
                    ratio=float(config["lengths"]["ratio"]),
                ),
                baselines=Baselines.from_values(vocabularies["baselines"]),
            )
        except FormatError:
            raise
        except (NextwordError, KeyError, TypeError, ValueError, AttributeError) as error:
            message = getattr(error, "message", f"{type(error).__name__} {error}")
            raise FormatError(f"{origin} is damaged: {message}", help=_DAMAGED_HELP) from error
