"""Lookup between token ids and the texts of tokens. Knows nothing of how a text is split."""

from collections.abc import Sequence
from functools import cached_property

from nextword.base import VocabularyError, nearest_name
from nextword.tokens.decoding import checked_id


class TokenTexts:
    """The texts of all tokens, and the id of each.

    Args:
        texts: Texts for display, in the order of the ids.
        kind: Kind of the tokenizer, for error messages.
    """

    def __init__(self, texts: Sequence[str], *, kind: str) -> None:
        self._texts = texts
        self._kind = kind

    def text(self, token_id: int) -> str:
        """Return the text of a token.

        Raises:
            VocabularyError: The id is not in the vocabulary.
        """
        return self._texts[checked_id(token_id, len(self._texts))]

    def id_of(self, text: str) -> int:
        """Return the id of a token; the lowest one where several have the same text.

        Raises:
            VocabularyError: No token has this text; the help suggests the nearest one.
        """
        if text in self._ids:
            return self._ids[text]
        nearest = nearest_name(text, self._similar(text))
        raise VocabularyError(
            f"{text!r} is not a token of this {self._kind} vocabulary of {len(self._texts):,}.",
            help=f"Did you mean {nearest!r}?" if nearest is not None else "",
        )

    @cached_property
    def _ids(self) -> dict[str, int]:
        # Reversed, so the lowest id of equal texts is kept.
        return {text: number for number, text in reversed(list(enumerate(self._texts)))}

    def _similar(self, text: str) -> list[str]:
        """Return tokens of about the same length: comparing with all of them takes seconds."""
        return [
            token
            for token in self._ids
            if abs(len(token) - len(text)) <= 2 and token[:1] == text[:1]
        ]
