"""The vocabulary of an ARPA file: ids in the order of its 1-grams."""

from nextword.ngrams.arpa.lines import ArpaLines
from nextword.ngrams.arpa.spelling import (
    END_ID,
    OTHER_UNKNOWN,
    PAD_ID,
    SPECIAL_WORDS,
    START_ID,
    UNKNOWN_ID,
)


class ArpaVocabulary:
    """The vocabulary that is built while the 1-grams are read.

    Attributes:
        words: Words in the order of their ids, the four special ones first.
        ids: Id of each word that was read, by its bytes.
    """

    def __init__(self) -> None:
        self.words: list[str] = list(SPECIAL_WORDS)
        self.ids: dict[bytes, int] = {}

    def add(self, lines: ArpaLines, spelling: bytes) -> int:
        """Add a word and return its id.

        Args:
            lines: The file, for the encoding and errors.
            spelling: The word as bytes.

        Raises:
            FormatError: The word is a duplicate, is `<pad>`, or cannot be decoded.
        """
        word = lines.word(spelling)
        if word == SPECIAL_WORDS[PAD_ID]:
            lines.fail(f"{word} is reserved for padding.", help="Rename the word in the file.")
        special = word in SPECIAL_WORDS or word == OTHER_UNKNOWN
        number = len(self.words)
        if special:
            number = UNKNOWN_ID if word == OTHER_UNKNOWN else SPECIAL_WORDS.index(word)
        if spelling in self.ids or (special and number in self.ids.values()):
            lines.fail(f"the word {word!r} is a duplicate.")
        if not special:
            self.words.append(word)
        self.ids[spelling] = number
        return number

    def upper_case_markers(self) -> dict[int, int]:
        """Return the ids of `<S>` and `</S>` if `<s>` or `</s>` is missing.

        Returns:
            A mapping from the id that `add` returned to the id of the lower-case marker.
        """
        found = {}
        for marker in (START_ID, END_ID):
            spelling = SPECIAL_WORDS[marker].encode()
            upper = self.ids.get(spelling.upper())
            if spelling not in self.ids and upper is not None:
                found[upper] = marker
        return found

    def rename(self, markers: dict[int, int]) -> list[int]:
        """Replace upper-case markers by the lower-case ones; later ids move down.

        Args:
            markers: The result of `upper_case_markers`.

        Returns:
            The new id of each old id.
        """
        kept = [old for old in range(len(self.words)) if old not in markers]
        moved = {old: new for new, old in enumerate(kept)} | markers
        self.words = [self.words[old] for old in kept]
        self.ids = {spelling: moved[old] for spelling, old in self.ids.items()}
        return [moved[old] for old in range(len(moved))]
