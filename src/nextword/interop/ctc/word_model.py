"""Scores of words for a decoder: a weight for unknown words, and a test of partial words."""

import os
from collections.abc import Iterable
from typing import Any

from nextword.base import ConfigError
from nextword.interop.kenlm import Model

#: What a decoder takes as a model: a path, or a loaded model.
ModelSource = str | bytes | os.PathLike[str] | Any
#: Number of hypotheses that a network reads as one batch with the one that a decoder asks for.
DEFAULT_LOOK_AHEAD = 16


def word_model(source: ModelSource) -> Model:
    """Return a model that scores words.

    Args:
        source: A path that `nextword.kenlm.Model` takes, such a model, or what `nw.load` returns.

    Raises:
        ConfigError: It is something else.
    """
    if isinstance(source, Model):
        return source
    if isinstance(source, str | bytes | os.PathLike):
        return Model(source)
    if hasattr(source, "language_model") and hasattr(source, "tokenizer"):
        return Model.of(
            source.language_model, tokenizer=source.tokenizer, path=getattr(source, "path", "")
        )
    raise ConfigError(
        f"the model is a {type(source).__name__}; a path or a language model is expected.",
        help="Pass a run folder, an ARPA file, or what nw.load returns.",
    )


class KnownWords:
    """The words that a decoder may find, and their beginnings.

    Args:
        model: The model.
        words: The words. When None, those of the vocabulary of a model of words; a model of
            characters, bytes or byte pairs knows every word.
    """

    def __init__(self, model: Model, words: Iterable[str] | None) -> None:
        self._model = model
        if words is None and model.has_words:
            words = model.vocabulary
        self._words = None if words is None else {word for word in words if word in model}
        self._beginnings = (
            None
            if self._words is None
            else {word[:end] for word in self._words for end in range(1, len(word) + 1)}
        )

    def __contains__(self, word: str) -> bool:
        """Return whether a word is known."""
        return word in self._model if self._words is None else word in self._words

    def begin_with(self, letters: str) -> bool:
        """Return whether a known word begins with these letters."""
        return self._beginnings is None or not letters or letters in self._beginnings
