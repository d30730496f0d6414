"""The contract of features of words: how a trained model reads sentences, and what it computes."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor


@runtime_checkable
class FeatureTokens(Protocol):
    """The sentences of a batch as a model reads them."""

    def to(self, device: torch.device) -> Any:
        """Return the tokens with every tensor on a device."""


@runtime_checkable
class FeatureText(Protocol):
    """Encodes sentences for a model."""

    def tokens(self, sentences: Sequence[Sequence[str]]) -> Any:
        """Return the words of sentences as the model reads them.

        Args:
            sentences: The words of each sentence.
        """


@runtime_checkable
class WordFeatures(Protocol):
    """A module that computes features of words.

    Attributes:
        output_size: Size of the features of a word.
    """

    output_size: int

    def __call__(self, tokens: Any) -> Tensor:
        """Return the features of each word, (batch, time, output_size).

        Args:
            tokens: What `FeatureText.tokens` returned.
        """
