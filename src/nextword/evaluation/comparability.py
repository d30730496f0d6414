"""Which figures of several models may stand side by side: the rule, in one place.

A perplexity per token says nothing of a model with another vocabulary, for its tokens are other
things to guess. Per word, character or byte it does, unless unknown words were scored: `<unk>`
stands for whatever a vocabulary leaves out, and the less it holds the easier that is to guess.
The same holds where a tokenizer loses characters of the text, as one does that lower-cases it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from nextword.evaluation.card import PerplexityCard
from nextword.tokens import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Comparability:
    """What may be compared between the models of some cards.

    Attributes:
        per_token: Perplexity and bits per token.
        per_text: Perplexity per word, and bits per character and per byte.
        reason: Why not all of it; empty where all may be.
    """

    per_token: bool
    per_text: bool
    reason: str = ""


def comparability(cards: Sequence[PerplexityCard], vocabularies: Sequence[str]) -> Comparability:
    """Say what may be compared between models.

    Args:
        cards: A card a model.
        vocabularies: What `vocabulary_fingerprint` gives of each one's tokenizer.
    """
    if len({(card.num_words, card.num_characters, card.num_bytes) for card in cards}) > 1:
        return Comparability(
            per_token=False, per_text=False, reason="the models were measured on different texts"
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


def _lossy(cards: Sequence[PerplexityCard]) -> list[str]:
    """Name the models that were spared characters which another one had to predict.

    Word models that all lose the same white space have the same words to predict.
    """
    are_words = all(card.perplexity_per_word is not None for card in cards)
    if are_words and len({card.num_characters_lost for card in cards}) == 1:
        return []
    return [card.model for card in cards if card.num_characters_lost]


def vocabulary_fingerprint(tokenizer: Tokenizer) -> str:
    """Identify what a tokenizer cuts a text into, whatever the order of its ids, in hexadecimal.

    Two word vocabularies of the same words are one, though programs number them differently, and
    though one of them may take a literal `<unk>` for an ordinary word: both score the same events.

    Example:
        >>> from nextword.tokens import Vocabulary, VocabularyTokenizer
        >>> specials = ("<pad>", "<unk>", "<s>", "</s>")
        >>> one = VocabularyTokenizer(Vocabulary(kind="word", tokens=(*specials, "red", "house")))
        >>> other = VocabularyTokenizer(Vocabulary(kind="word", tokens=(*specials, "house", "red")))
        >>> vocabulary_fingerprint(one) == vocabulary_fingerprint(other)
        True
    """
    if not tokenizer.is_defined_by_tokens:
        return tokenizer.fingerprint
    texts = sorted(map(tokenizer.token_text, range(tokenizer.vocab_size)))
    return hashlib.sha256(repr((tokenizer.unit, texts)).encode()).hexdigest()
