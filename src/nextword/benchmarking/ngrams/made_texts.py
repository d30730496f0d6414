"""A generated text whose words follow Zipf's law and depend on the words before them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

#: Sentences have from 10 to 28 words; with `</s>`, 20 tokens on average.
_SHORTEST, _LONGEST = 10, 28
_TOKENS_PER_SENTENCE = 20
#: Number of preferred successors of each word, and how often one of them follows.
_NUM_SUCCESSORS = 12
_SHARE_OF_SUCCESSORS = 0.7
_CONSONANTS, _VOWELS = "bcdfghjklmnpqrstvwxz", "aeiou"


@dataclass(frozen=True, kw_only=True)
class NgramSizes:
    """Sizes of an n-gram model and of the texts that it is estimated from and scores.

    Attributes:
        order: Order of the model.
        vocab_size: Number of words to draw from.
        num_train_tokens: Approximate number of tokens of the training text, with ends of sentences.
        num_test_tokens: Approximate number of tokens of the text to score.
    """

    order: int = 5
    vocab_size: int = 10_000
    num_train_tokens: int = 200_000
    num_test_tokens: int = 50_000


def made_texts(sizes: NgramSizes) -> tuple[str, str]:
    """Return a training text and a text to score, one sentence per line. They are always the same.

    Each word has preferred successors, so that many n-grams of higher orders occur again.

    Args:
        sizes: Sizes of the texts.
    """
    generator = np.random.default_rng(0)
    num_train, num_test = (
        max(1, num_tokens // _TOKENS_PER_SENTENCE)
        for num_tokens in (sizes.num_train_tokens, sizes.num_test_tokens)
    )
    word_ids = _made_sentences(num_train + num_test, sizes.vocab_size, generator=generator)
    lengths = generator.integers(_SHORTEST, _LONGEST + 1, size=len(word_ids))
    words = np.array([_spelling(word_id) for word_id in range(sizes.vocab_size)], dtype=object)
    lines = [
        " ".join(words[row[:length]]) + "\n" for row, length in zip(word_ids, lengths, strict=True)
    ]
    return "".join(lines[:num_train]), "".join(lines[num_train:])


def count_tokens(text: str) -> int:
    """Return the number of words and ends of lines of a text.

    Args:
        text: The text.
    """
    return len(text.split()) + text.count("\n")


def _made_sentences(
    num_sentences: int, vocab_size: int, *, generator: np.random.Generator
) -> Int64[np.ndarray, "sentences longest"]:
    """Return word ids of sentences of the greatest length."""
    sums = np.cumsum(1.0 / np.arange(1, vocab_size + 1))

    def zipf_ids(*shape: int) -> Int64[np.ndarray, "..."]:
        draws: Int64[np.ndarray, ...] = np.searchsorted(
            sums, sums[-1] * generator.random(shape), side="right"
        )
        return draws

    successors = zipf_ids(vocab_size, _NUM_SUCCESSORS)
    word_ids = zipf_ids(num_sentences, _LONGEST)
    follows = generator.random(word_ids.shape) < _SHARE_OF_SUCCESSORS
    # Successors follow Zipf's law, too.
    ranks = np.arange(1, _NUM_SUCCESSORS + 1)
    shares = 1.0 / ranks / np.sum(1.0 / ranks)
    choices = generator.choice(_NUM_SUCCESSORS, size=word_ids.shape, p=shares)
    for place in range(1, _LONGEST):
        preferred = successors[word_ids[:, place - 1], choices[:, place]]
        word_ids[:, place] = np.where(follows[:, place], preferred, word_ids[:, place])
    return word_ids


def _spelling(word_id: int) -> str:
    """Return a word of syllables. Frequent words are short.

    Example:
        >>> [_spelling(word_id) for word_id in (0, 1, 99, 100)]
        ['ba', 'be', 'zu', 'baba']
    """
    num_syllables = len(_CONSONANTS) * len(_VOWELS)
    rest, syllable = divmod(word_id, num_syllables)
    consonant, vowel = divmod(syllable, len(_VOWELS))
    before = _spelling(rest - 1) if rest else ""
    return before + _CONSONANTS[consonant] + _VOWELS[vowel]
