"""Batches of sentences as tensors: each distinct word once, and where it occurs."""

from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

from nextword.tasks.encoding.features import FeatureTokens
from nextword.tensors import Lengths, Mask

#: Index of a distinct word, or of a step of a language model, for each word of each sentence.
Places = Int64[Tensor, "batch time"]


@dataclass(frozen=True, kw_only=True)
class DistinctWords:
    """The distinct words of a batch.

    Attributes:
        rows: Row of each word in the `WordTable`, (words).
        word_ids: Id of each word in the vocabulary, (words).
        character_ids: Ids of the characters of each word, between marks of its beginning and its
            end, (words, characters).
        character_lengths: Number of character ids of each word, (words).
    """

    rows: Int64[Tensor, " words"]
    word_ids: Int64[Tensor, " words"]
    character_ids: Int64[Tensor, "words characters"]
    character_lengths: Int64[Tensor, " words"]

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, indices: Int64[Tensor, " chosen"]) -> "DistinctWords":
        """Return some of the words."""
        return DistinctWords(
            rows=self.rows[indices],
            word_ids=self.word_ids[indices],
            character_ids=self.character_ids[indices],
            character_lengths=self.character_lengths[indices],
        )

    def to(self, device: torch.device) -> "DistinctWords":
        """Return the words with every tensor but the rows on a device."""
        return DistinctWords(
            rows=self.rows,
            word_ids=self.word_ids.to(device),
            character_ids=self.character_ids.to(device),
            character_lengths=self.character_lengths.to(device),
        )


@dataclass(frozen=True, kw_only=True)
class ModelTokens:
    """The sentences of a batch as a language model reads them.

    Attributes:
        token_ids: The boundary and the tokens of each sentence, (batch, steps).
        lengths: Number of steps of each sentence, (batch).
        places: Step whose hidden state is the feature of each word, (batch, time).
    """

    token_ids: Int64[Tensor, "batch steps"]
    lengths: Lengths
    places: Places

    def to(self, device: torch.device) -> "ModelTokens":
        """Return the tokens with every tensor on a device."""
        return ModelTokens(
            token_ids=self.token_ids.to(device),
            lengths=self.lengths.to(device),
            places=self.places.to(device),
        )


@dataclass(frozen=True, kw_only=True)
class TokenBatch:
    """Sentences of a batch.

    Attributes:
        words: The distinct words.
        places: Index in `words` of each word of each sentence, (batch, time); 0 for padding.
        lengths: Number of words of each sentence, (batch).
        model_tokens: The sentences as each trained model reads them.
    """

    words: DistinctWords
    places: Places
    lengths: Lengths
    model_tokens: tuple[FeatureTokens, ...] = ()

    @property
    def num_tokens(self) -> int:
        """Number of words without padding."""
        return int(self.lengths.sum())

    def mask(self) -> Mask:
        """Return a mask that is True for words and False for padding, (batch, time)."""
        steps = torch.arange(self.places.shape[1], device=self.places.device)
        return steps < self.lengths[:, None]

    def to(self, device: torch.device) -> "TokenBatch":
        """Return the batch on a device."""
        return TokenBatch(
            words=self.words.to(device),
            places=self.places.to(device),
            lengths=self.lengths.to(device),
            model_tokens=tuple(tokens.to(device) for tokens in self.model_tokens),
        )
