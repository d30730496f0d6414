"""The encoder: words, characters and language models, then recurrent layers."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nextword.base import require
from nextword.cells import CELLS, AnyCell
from nextword.layers import Dropout, LockedDropout, keep_mask
from nextword.recurrent import BidirectionalStack, RecurrentRegularizer, RecurrentStack
from nextword.tasks.encoding.batch import DistinctWords, TokenBatch
from nextword.tasks.encoding.characters import CharacterBiLstm, CharacterCnn
from nextword.tasks.encoding.config import EncoderConfig
from nextword.tasks.encoding.features import WordFeatures
from nextword.tasks.encoding.vocabulary import TokenVocabulary
from nextword.tasks.encoding.words import WordEmbedding
from nextword.tensors import Embeddings, Hidden, Lengths


class SequenceEncoder(nn.Module):
    """Encodes sentences: one vector for each word, which depends on the whole sentence.

    Args:
        config: The settings.
        vocabulary: Words and characters.
        features: Modules that compute further features of words from trained models.
        extra_size: Size of the vectors that the caller appends to what `embed` returns.
        backend: Implementation of the recurrent layers; see `training.backend`.

    Attributes:
        input_size: Size of the vectors that `embed` returns.
        output_size: Size of the vectors.

    Raises:
        ConfigError: There is no feature of words, or a cell does not support the settings or the
            backend.

    Source: [schuster1997], [graves2005], [huang2015], [ma2016].
    """

    def __init__(
        self,
        config: EncoderConfig,
        vocabulary: TokenVocabulary,
        *,
        features: Sequence[WordFeatures] = (),
        extra_size: int = 0,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        self.words = _words(config, vocabulary)
        self.characters = _characters(config, vocabulary, backend)
        self.language_models = nn.ModuleList(features)  # type: ignore[arg-type]  # modules
        self.word_dropout = config.word_dropout
        kind = LockedDropout if config.locked else Dropout
        self.input_dropout = kind(config.input_dropout)
        self.output_dropout = kind(config.output_dropout)
        input_size = self.word_size + sum(part.output_size for part in self._features)
        require(
            input_size > 0,
            "encoder.word_embedding_size is 0, encoder.characters is 'none' and there is no "
            "language model; the encoder has no input.",
            help="Set encoder.word_embedding_size=100.",
        )
        self.input_size = input_size
        self.core = recurrent_layers(config, input_size + extra_size, backend=backend)
        self.output_size = _output_size(self.core)

    @property
    def word_size(self) -> int:
        """Size of the vectors that `encode_words` returns."""
        parts = [part for part in (self.words, self.characters) if part is not None]
        return sum(part.output_size for part in parts)

    @property
    def _features(self) -> list[WordFeatures]:
        return list(self.language_models)  # type: ignore[arg-type]  # nn.ModuleList is not typed

    def freeze_words(self) -> None:
        """Keep the word embeddings unchanged in training."""
        if self.words is not None:
            self.words.weight.requires_grad_(False)

    def forward(
        self, batch: TokenBatch, *, word_vectors: Float[Tensor, "words size"] | None = None
    ) -> Hidden:
        """Return one vector for each word of each sentence.

        Args:
            batch: The sentences.
            word_vectors: What `encode_words` returned for the distinct words, (words, word_size);
                computed when None.

        Returns:
            (batch, time, output_size).
        """
        return self.encode(self.embed(batch, word_vectors=word_vectors), batch.lengths)

    def encode(
        self,
        inputs: Embeddings,
        lengths: Lengths,
        *,
        layer_outputs: list[Hidden] | None = None,
    ) -> Hidden:
        """Return the outputs of the recurrent layers, (batch, time, output_size).

        Args:
            inputs: What `embed` returned, and the vectors of the caller, (batch, time, input_size +
                extra_size).
            lengths: Number of words of each sentence, (batch).
            layer_outputs: The outputs of each recurrent layer are appended to this list, lowest
                first; none are when None.
        """
        inputs = self.input_dropout(inputs)
        if isinstance(self.core, BidirectionalStack):
            outputs, _ = self.core(inputs, lengths, layer_outputs=layer_outputs)
        else:
            state = self.core.initial_state(len(inputs))
            outputs, _ = self.core(inputs, state, lengths=lengths, layer_outputs=layer_outputs)
        hidden: Hidden = self.output_dropout(outputs)
        return hidden

    def embed(
        self, batch: TokenBatch, *, word_vectors: Float[Tensor, "words size"] | None = None
    ) -> Embeddings:
        """Return the inputs of the recurrent layers before dropout, (batch, time, input_size).

        Args:
            batch: The sentences.
            word_vectors: See `forward`.
        """
        if word_vectors is None:
            word_vectors = self.encode_words(batch.words)
        parts = [nn.functional.embedding(batch.places, word_vectors)] if self.word_size else []
        parts += [
            features(tokens)
            for features, tokens in zip(self._features, batch.model_tokens, strict=True)
        ]
        return torch.cat(parts, dim=2)

    def encode_words(self, words: DistinctWords) -> Float[Tensor, "words size"]:
        """Return the part of the inputs that does not depend on the sentence.

        Args:
            words: Distinct words.

        Returns:
            (words, word_size).
        """
        parts = []
        if self.words is not None:
            parts.append(self.words(words.word_ids))
        if self.characters is not None:
            parts.append(self.characters(words.character_ids, words.character_lengths))
        if not parts:
            return torch.zeros(len(words), 0)
        vectors = torch.cat(parts, dim=1)
        if self.training and self.word_dropout > 0.0:
            shape = (len(vectors), 1)
            vectors = vectors * keep_mask(shape, probability=self.word_dropout, like=vectors)
        return vectors


def _words(config: EncoderConfig, vocabulary: TokenVocabulary) -> WordEmbedding | None:
    if config.word_embedding_size == 0:
        return None
    return WordEmbedding(
        vocabulary,
        config.word_embedding_size,
        unknown_probability=config.unknown_probability,
    )


def _characters(
    config: EncoderConfig, vocabulary: TokenVocabulary, backend: str
) -> CharacterCnn | CharacterBiLstm | None:
    if config.characters == "cnn":
        return CharacterCnn(
            vocabulary.num_characters,
            embedding_size=config.character_embedding_size,
            num_filters=config.character_hidden_size,
        )
    if config.characters == "bilstm":
        return CharacterBiLstm(
            vocabulary.num_characters,
            embedding_size=config.character_embedding_size,
            hidden_size=config.character_hidden_size,
            backend=backend,
        )
    return None


def recurrent_layers(
    config: EncoderConfig, input_size: int, *, backend: str = "auto"
) -> RecurrentStack | BidirectionalStack:
    """Return the recurrent layers of an encoder.

    Args:
        config: The settings.
        input_size: Size of the inputs of the lowest layer.
        backend: Implementation of the layers; see `training.backend`.

    Raises:
        ConfigError: A cell does not support the settings or the backend.
    """
    kind = LockedDropout if config.locked else Dropout
    dropout = kind(config.layer_dropout)
    regularizer = RecurrentRegularizer(
        recurrent_dropout=config.recurrent_dropout, section="encoder"
    )
    num_directions = 2 if config.bidirectional else 1

    def cells() -> list[AnyCell]:
        layers: list[AnyCell] = []
        width = input_size
        for _ in range(config.num_layers):
            layers.append(CELLS[config.cell](width, config))
            width = num_directions * layers[-1].output_size
        return layers

    if config.bidirectional:
        return BidirectionalStack(
            cells(),
            cells(),
            dropout_between=dropout,
            regularizer=regularizer,
            backend=backend,
        )
    return RecurrentStack(
        cells(), dropout_between=dropout, regularizer=regularizer, backend=backend
    )


def _output_size(core: RecurrentStack | BidirectionalStack) -> int:
    if isinstance(core, BidirectionalStack):
        return core.output_size
    return core.layers[-1].output_size
