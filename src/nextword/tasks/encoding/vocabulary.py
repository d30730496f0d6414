"""The vocabularies of words, characters and labels."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from nextword.base import FormatError, Values
from nextword.tasks.encoding.config import EncoderConfig

UNKNOWN_ID = 0
#: Longer words are represented by their first and last characters.
_MAX_CHARACTERS = 40
#: Largest number of character ids of a word: its characters, its beginning and its end.
MAX_CHARACTER_IDS = _MAX_CHARACTERS + 2
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, kw_only=True)
class TokenVocabulary:
    """The words and characters of the training data, with their ids.

    Id 0 is the unknown word, or the unknown character. Words are sorted by decreasing frequency, so
    that the rare ones are contiguous. After the characters come two ids that mark the beginning and
    the end of a word.

    Attributes:
        words: The words from id 1 on, as they are looked up: normalized.
        characters: The characters from id 1 on.
        num_frequent: Number of words that occur more than once in the training data.
        num_training: Number of words of the training data; those after them come from a file of
            word vectors.
        lowercase: Whether words are looked up in lower case.
        normalize_digits: Whether words are looked up with every digit replaced by 0.

    Example:
        >>> vocabulary = build_vocabulary([["The", "cat"], ["The", "end"]], EncoderConfig())
        >>> vocabulary.word_id("The"), vocabulary.word_id("dog"), vocabulary.num_frequent
        (1, 0, 1)
    """

    words: tuple[str, ...]
    characters: tuple[str, ...]
    num_frequent: int
    num_training: int
    lowercase: bool
    normalize_digits: bool
    _word_ids: dict[str, int] = field(init=False, repr=False, compare=False)
    _character_ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        word_ids = {word: number for number, word in enumerate(self.words, start=1)}
        character_ids = {sign: number for number, sign in enumerate(self.characters, start=1)}
        object.__setattr__(self, "_word_ids", word_ids)
        object.__setattr__(self, "_character_ids", character_ids)

    @property
    def num_words(self) -> int:
        """Number of word ids, including that of the unknown word."""
        return len(self.words) + 1

    @property
    def num_characters(self) -> int:
        """Number of character ids: those of the characters, the unknown one and the two marks."""
        return len(self.characters) + 3

    def normalize(self, word: str) -> str:
        """Return a word as it is looked up."""
        return normalize(word, lowercase=self.lowercase, digits=self.normalize_digits)

    def word_id(self, word: str) -> int:
        """Return the id of a word; 0 if it is unknown."""
        return self._word_ids.get(self.normalize(word), UNKNOWN_ID)

    def is_known(self, word: str) -> bool:
        """Return whether a word, as it is looked up, has an embedding from the training data."""
        return 0 < self.word_id(word) <= self.num_training

    def character_ids(self, word: str) -> list[int]:
        """Return the ids of the characters of a word between marks of its beginning and its end.

        A long word is represented by its first and last 20 characters.

        Example:
            >>> build_vocabulary([["abba"]], EncoderConfig()).character_ids("ab?")
            [3, 1, 2, 0, 4]
        """
        if len(word) > _MAX_CHARACTERS:
            half = _MAX_CHARACTERS // 2
            word = word[:half] + word[-half:]
        beginning = len(self.characters) + 1
        ids = [self._character_ids.get(sign, UNKNOWN_ID) for sign in word]
        return [beginning, *ids, beginning + 1]

    def with_words(self, words: Iterable[str]) -> "TokenVocabulary":
        """Return the vocabulary with further words after those of the training data.

        Args:
            words: Words with pretrained vectors; normalized here, and repeated ones left out.
        """
        others = dict.fromkeys(map(self.normalize, words))
        new = tuple(word for word in others if word not in self._word_ids)
        return replace(self, words=self.words + new)

    def to_values(self) -> Values:
        """Return the vocabulary as JSON values."""
        return {
            "words": list(self.words),
            "characters": list(self.characters),
            "num_frequent": self.num_frequent,
            "num_training": self.num_training,
            "lowercase": self.lowercase,
            "normalize_digits": self.normalize_digits,
        }

    @classmethod
    def from_values(cls, values: Values) -> "TokenVocabulary":
        """Return the vocabulary from the values that `to_values` returned.

        Raises:
            FormatError: They are not the values of a vocabulary.
        """
        try:
            return cls(
                words=_distinct(values["words"]),
                characters=_distinct(values["characters"]),
                num_frequent=int(values["num_frequent"]),
                num_training=int(values["num_training"]),
                lowercase=bool(values["lowercase"]),
                normalize_digits=bool(values["normalize_digits"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(
                f"the vocabulary is damaged: {type(error).__name__} {error}.",
                help="Copy the model folder again.",
            ) from error


def build_vocabulary(
    sentences: Iterable[Sequence[str]],
    config: EncoderConfig,
) -> TokenVocabulary:
    """Build the vocabulary of the training data.

    Args:
        sentences: The words of each training sentence.
        config: How words are normalized, and how often a word must occur.
    """
    counts: Counter[str] = Counter()
    surfaces: Counter[str] = Counter()
    for sentence in sentences:
        surfaces.update(sentence)
    characters: Counter[str] = Counter()
    for surface, count in surfaces.items():
        word = normalize(surface, lowercase=config.lowercase, digits=config.normalize_digits)
        counts[word] += count
        for sign in surface:
            characters[sign] += count
    words = [word for word, count in counts.most_common() if count >= config.min_count]
    return TokenVocabulary(
        words=tuple(words),
        characters=tuple(sign for sign, _ in characters.most_common()),
        num_frequent=sum(counts[word] > 1 for word in words),
        num_training=len(words),
        lowercase=config.lowercase,
        normalize_digits=config.normalize_digits,
    )


def normalize(word: str, *, lowercase: bool, digits: bool) -> str:
    """Return a word in lower case and with every digit replaced by 0, as asked.

    Example:
        >>> normalize("Oct-1998", lowercase=True, digits=True)
        'oct-0000'
    """
    word = word.lower() if lowercase else word
    return _DIGIT.sub("0", word) if digits else word


@dataclass(frozen=True)
class LabelVocabulary:
    """The labels of the training data, with their ids from 0 on.

    Attributes:
        labels: The labels, sorted.

    Example:
        >>> labels = LabelVocabulary.of(["NOUN", "VERB", "NOUN"])
        >>> labels.id("VERB"), labels.id("ADV")
        (1, None)
    """

    labels: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ids = {label: number for number, label in enumerate(self.labels)}
        object.__setattr__(self, "_ids", ids)

    @classmethod
    def of(cls, labels: Iterable[str]) -> "LabelVocabulary":
        """Return the vocabulary of some labels, which may repeat."""
        return cls(tuple(sorted(set(labels))))

    def __len__(self) -> int:
        return len(self.labels)

    def id(self, label: str) -> int | None:
        """Return the id of a label; None if the training data lacks it."""
        return self._ids.get(label)

    def to_values(self) -> list[str]:
        """Return the labels as a JSON value."""
        return list(self.labels)

    @classmethod
    def from_values(cls, values: object) -> "LabelVocabulary":
        """Return the vocabulary from the value that `to_values` returned.

        Raises:
            FormatError: It is not a list of distinct labels.
        """
        try:
            return cls(_distinct(values))
        except (TypeError, ValueError) as error:
            raise FormatError(
                f"the list of labels is damaged: {error}.", help="Copy the model folder again."
            ) from error


def _distinct(values: object) -> tuple[str, ...]:
    """Return a list of distinct texts as a tuple."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("a list of texts is expected")
    if len(set(values)) != len(values):
        raise ValueError("an entry comes twice")
    return tuple(values)
