"""Everything that a transducer is built from, apart from its weights."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nextword.base import FormatError, NextwordError, Values, decode, encode, require
from nextword.models import parameter_tensors
from nextword.tasks.decoding import (
    Bridge,
    DecoderConfig,
    Symbols,
    TargetConfig,
    TargetLengths,
    build_decoder,
    stacked_cells,
)
from nextword.tasks.storing import StoredTask
from nextword.tasks.transduction.config import (
    SourceConfig,
    SourceEncoderConfig,
    TransductionConfig,
)
from nextword.tasks.transduction.network.encoder import SourceEncoder
from nextword.tasks.transduction.network.model import EncoderDecoder
from nextword.tokens import VocabularyTokenizer

KIND = "transduction"
_DAMAGED_HELP = "Copy the model folder again."


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
        decoder = build_decoder(
            self.decoder,
            self.target.tokenizer,
            value_size=encoder.output_size,
            dropout=self.config.dropout,
            backend=backend,
        )
        bridge = Bridge(encoder.state_sizes, decoder.core.layers)
        return EncoderDecoder(encoder, decoder, bridge=bridge, copies=self._copies())

    def _copies(self) -> Tensor | None:
        """Return the target token id that each source token id is copied as; None for no copying.

        Raises:
            ConfigError: Symbols can be copied, but sources and targets have different kinds.
        """
        if not self.decoder.copy:
            return None
        source, target = self.source, self.target
        require(
            source.config.kind == target.config.kind,
            f"decoder.copy is true, but source.kind is {source.config.kind!r} and target.kind is "
            f"{target.config.kind!r}; only equal symbols can be copied.",
            help="Set decoder.copy=false, or give both sides the same kind.",
        )
        tokenizer = source.tokenizer
        ids = target.ids_of(map(tokenizer.token_text, range(tokenizer.vocab_size)))
        # Padding and the start are never predicted, so they are copied as an unknown symbol.
        ids[[tokenizer.pad_id, tokenizer.sentence_start_id]] = target.tokenizer.unknown_id
        return torch.from_numpy(ids)

    def _encoder(self, backend: str) -> SourceEncoder:
        config, directions = self.encoder, 2 if self.encoder.bidirectional else 1
        sets = [
            stacked_cells(config, config.embedding_size, directions=directions)
            for _ in range(directions)
        ]
        return SourceEncoder(
            self.source.tokenizer.vocab_size,
            forward_cells=sets[0],
            backward_cells=sets[1] if config.bidirectional else None,
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
