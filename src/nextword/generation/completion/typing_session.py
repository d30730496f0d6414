"""A text that is typed character by character, with suggestions for the current word."""

from collections.abc import Sequence
from typing import Protocol

from nextword.base import require_count, require_range
from nextword.generation.completion.known_words import KnownWords
from nextword.generation.completion.recent_words import CacheConfig, RecentWords
from nextword.generation.completion.spelled_words import SpelledWords
from nextword.generation.direction import require_forward
from nextword.models import LanguageModel
from nextword.tokens import WORD_SEPARATORS, Tokenizer


class WordPredictor(Protocol):
    """The distribution of the next word after a text that is read incrementally."""

    def reset(self) -> None:
        """Start a new text."""
        ...

    def read(self, text: str) -> None:
        """Read text that ends in white space."""
        ...

    def most_probable(self, prefix: str, k: int) -> list[tuple[str, float]]:
        """Return the k most probable words that begin with a prefix, and their probabilities."""
        ...

    def probabilities(self, words: Sequence[str]) -> list[float]:
        """Return the probabilities of words that begin with the last prefix; 0 if not known."""
        ...

    def has_word(self, word: str) -> bool:
        """Return whether the model can predict a word."""
        ...


class TypingSession:
    """A text that is typed, and suggestions for its last, partial word.

    A word is a sequence of characters without white space (blank, tab, line end, carriage return
    or NUL). The model reads each word once, when white space follows it. With a word vocabulary,
    another letter only selects from the words known so far. With other vocabularies, the search for
    words continues from the token sequences evaluated before.

    Args:
        model: The model. Its weights must not change while the session is in use.
        tokenizer: Its tokenizer.
        context: Text before the first typed character; may end within a word.
        cache: Settings of a cache that makes recent words more probable; no cache when None. The
            words of `context` are not in the cache.
        max_evaluations: Maximum number of token sequences that one call of `suggestions` evaluates,
            at least 1. It limits its time; a word vocabulary needs no search. If it is reached,
            words may be missing, and probabilities of words spelled with subwords lack the less
            probable tokenizations.

    Raises:
        ConfigError: max_evaluations is below 1, or the model reads lines backward.
        DataError: The context cannot be encoded.

    Example:
        >>> from nextword.families import NetworkSpec, RecurrentConfig
        >>> from nextword.tokens import TokenizerConfig, train_tokenizer
        >>> lines = ["the students opened the books"] * 2
        >>> tokenizer = train_tokenizer(TokenizerConfig(kind="word"), lines)
        >>> network = NetworkSpec(vocabulary=tokenizer.vocabulary_spec)
        >>> model = RecurrentConfig(hidden_size=4).build(network)
        >>> session = TypingSession(model, tokenizer, context="the students ")
        >>> session.type("op")
        >>> [word for word, probability in session.suggestions(k=3)]
        ['opened']
        >>> session.accept("opened")
        >>> session.text
        'the students opened '
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        *,
        context: str = "",
        cache: CacheConfig | None = None,
        max_evaluations: int = 32,
    ) -> None:
        require_forward(tokenizer)
        require_range("max_evaluations", max_evaluations, low=1)
        self._predictor: WordPredictor = (
            KnownWords(model, tokenizer)
            if tokenizer.is_word_level
            else SpelledWords(model, tokenizer, max_evaluations=max_evaluations)
        )
        self._cache = None if cache is None else RecentWords(cache)
        self.reset(context)

    @property
    def text(self) -> str:
        """The context and all typed characters."""
        return self._before + self._partial

    @property
    def partial_word(self) -> str:
        """The characters after the last white space."""
        return self._partial

    def reset(self, context: str = "") -> None:
        """Start a new text; the cache keeps its words.

        Args:
            context: Text before the first typed character.

        Raises:
            DataError: The context cannot be encoded.
        """
        self._before, self._partial = "", ""
        self._predictor.reset()
        self._append(context, is_typed=False)

    def type(self, characters: str) -> None:
        """Append characters to the text.

        Raises:
            DataError: The text cannot be encoded. The session is unchanged.
        """
        self._append(characters, is_typed=True)

    def accept(self, word: str) -> None:
        """Replace the partial word with a word, and append a blank.

        Raises:
            DataError: The word cannot be encoded. The session is unchanged.
        """
        partial, self._partial = self._partial, ""
        try:
            self.type(word + " ")
        except Exception:
            self._partial = partial
            raise

    def has_word(self, word: str) -> bool:
        """Return whether the model can predict a word."""
        return self._predictor.has_word(word)

    def suggestions(self, k: int = 5) -> list[tuple[str, float]]:
        """Return the most probable words that begin with the partial word.

        The probability is P(word | words before it), not renormalized over the words that begin
        with the typed letters. `<unk>` and `</s>` are not words. With a cache of weight w, it is
        (1 - w) times the probability of the model plus w times the probability of the cache. The
        model's probability of a cached word that is spelled with several tokens counts as 0 if the
        search did not find the word.

        Args:
            k: Maximum number of words, at least 1.

        Returns:
            Pairs of the whole word and its probability, most probable first. Fewer than k, or
            none, if the vocabulary or the search has no more words.

        Raises:
            ConfigError: k is below 1.
            DivergedError: The model returns NaN.
        """
        require_count("k", k, low=1)
        if self._cache is None:
            return self._predictor.most_probable(self._partial, k)
        return self._with_cache(self._cache, k)

    def _with_cache(self, cache: RecentWords, k: int) -> list[tuple[str, float]]:
        weight = cache.config.weight
        best = self._predictor.most_probable(self._partial, k)
        recent = cache.words(self._partial)
        model = dict(zip(recent, self._predictor.probabilities(recent), strict=True)) | dict(best)
        mixed = [
            (word, (1.0 - weight) * share + weight * cache.probability(word))
            for word, share in model.items()
        ]
        return sorted(mixed, key=lambda pair: (-pair[1], pair[0]))[:k]

    def _append(self, characters: str, *, is_typed: bool) -> None:
        unread = self._partial + characters
        start = 1 + max(unread.rfind(separator) for separator in WORD_SEPARATORS)
        if start:
            self._predictor.read(unread[:start])
            if self._cache is not None and is_typed:
                for word in _words(unread[:start]):
                    self._cache.add(word)
        self._before += unread[:start]
        self._partial = unread[start:]


def _words(text: str) -> list[str]:
    """Return the words of a text."""
    for separator in WORD_SEPARATORS:
        text = text.replace(separator, " ")
    return [word for word in text.split(" ") if word]
