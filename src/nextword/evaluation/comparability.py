"""The rule for which figures of several models can be compared.

Perplexities per token are comparable only between models with the same vocabulary. Figures per
word, character or byte are comparable between any vocabularies, unless unknown words were scored:
`<unk>` stands for every word that a vocabulary leaves out, and a smaller vocabulary makes it easier
to predict. The same applies to a tokenizer that drops characters, for example by lower-casing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nextword.tokens import Tokenizer, TokenStore


@runtime_checkable
class EncodedText(Protocol):
    """What `comparability` uses of a model on a text, such as its `PerplexityCard`."""

    @property
    def model(self) -> str:
        """Name of the model."""

    @property
    def num_words(self) -> int:
        """Number of white-space separated words and line ends."""

    @property
    def num_characters(self) -> int:
        """Number of code points, newlines included."""

    @property
    def num_bytes(self) -> int:
        """Number of bytes in UTF-8."""

    @property
    def num_characters_lost(self) -> int:
        """Number of characters that cannot be decoded from the tokens."""

    @property
    def keeps_words(self) -> bool:
        """Whether the words of the text can be recovered from its tokens."""

    @property
    def unknown_rate(self) -> float | None:
        """Share of unknown targets."""


@dataclass(frozen=True, kw_only=True)
class UnscoredText:
    """A text that the tokenizer of a model has encoded, and that is not scored yet.

    Attributes:
        model: Name of the model.
        num_words: Number of white-space separated words and line ends.
        num_characters: Number of code points, newlines included.
        num_bytes: Number of bytes in UTF-8.
        num_characters_lost: Number of characters that cannot be decoded from the tokens.
        keeps_words: Whether the words of the text can be recovered from its tokens.
        unknown_rate: Unknown tokens as a share of all.
    """

    model: str
    num_words: int
    num_characters: int
    num_bytes: int
    num_characters_lost: int
    keeps_words: bool
    unknown_rate: float | None

    @classmethod
    def of(cls, store: TokenStore, *, tokenizer: Tokenizer, model: str) -> "UnscoredText":
        """Return the facts of an encoded text.

        Args:
            store: The text.
            tokenizer: The tokenizer that encoded it.
            model: Name of the model.
        """
        return cls(
            model=model,
            num_words=store.num_words,
            num_characters=store.num_characters,
            num_bytes=store.num_bytes,
            num_characters_lost=store.num_characters_lost,
            keeps_words=tokenizer.counts_words or not store.num_characters_lost,
            unknown_rate=store.num_unknown / max(1, store.num_tokens),
        )


@dataclass(frozen=True, kw_only=True)
class Comparability:
    """Which figures of several cards can be compared.

    Attributes:
        per_token: Whether perplexity and bits per token can.
        per_text: Whether perplexity per word and bits per character and per byte can.
        reason: Why some figures cannot; empty if all can.
    """

    per_token: bool
    per_text: bool
    reason: str = ""


def comparability(cards: Sequence[EncodedText], vocabularies: Sequence[str]) -> Comparability:
    """Return which figures of several models can be compared.

    Args:
        cards: One card for each model, or the encoded text before it is scored.
        vocabularies: `vocabulary_fingerprint` of each model's tokenizer, in the same order.
    """
    if len({(card.num_words, card.num_characters, card.num_bytes) for card in cards}) > 1:
        return Comparability(
            per_token=False, per_text=False, reason="the models were evaluated on different texts"
        )
    if len(set(vocabularies)) <= 1:
        return Comparability(per_token=True, per_text=True)
    unknown = [card.model for card in cards if card.unknown_rate]
    if unknown:
        return Comparability(
            per_token=False,
            per_text=False,
            reason="the vocabularies differ and unknown words were scored "
            f"({', '.join(dict.fromkeys(unknown))})",
        )
    lossy = _lossy(cards)
    if lossy:
        return Comparability(
            per_token=False,
            per_text=False,
            reason="the vocabularies differ and characters of the text were lost in encoding "
            f"({', '.join(dict.fromkeys(lossy))})",
        )
    return Comparability(per_token=False, per_text=True, reason="the vocabularies differ")


def _lossy(cards: Sequence[EncodedText]) -> list[str]:
    """Return the names of models whose tokenizers drop characters that other models predict.

    Word models that all drop the same white space predict the same words, and are not listed.
    """
    are_words = all(card.keeps_words for card in cards)
    if are_words and len({card.num_characters_lost for card in cards}) == 1:
        return []
    return [card.model for card in cards if card.num_characters_lost]


def vocabulary_fingerprint(tokenizer: Tokenizer) -> str:
    """Return a hexadecimal fingerprint of a tokenizer's vocabulary that ignores the order of ids.

    Two word vocabularies with the same words have the same fingerprint, because both score the same
    events. This is also true if only one of them treats a literal `<unk>` as an ordinary word, or
    if only one of them is a backward tokenizer.

    Example:
        >>> from nextword.tokens import Vocabulary, VocabularyTokenizer
        >>> specials = ("<pad>", "<unk>", "<s>", "</s>")
        >>> one = VocabularyTokenizer(Vocabulary(kind="word", tokens=(*specials, "red", "house")))
        >>> other = VocabularyTokenizer(Vocabulary(kind="word", tokens=(*specials, "house", "red")))
        >>> vocabulary_fingerprint(one) == vocabulary_fingerprint(other)
        True
    """
    if not tokenizer.is_defined_by_tokens:
        # The merges and their order decide how a text is tokenized.
        return tokenizer.as_forward().fingerprint
    texts = sorted(map(tokenizer.token_text, range(tokenizer.vocab_size)))
    return hashlib.sha256(repr((tokenizer.unit, texts)).encode()).hexdigest()
