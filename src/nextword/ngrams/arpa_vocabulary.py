"""The words of an ARPA file by id, as they come in its 1-grams."""

from nextword.ngrams.arpa_lines import ArpaLines
from nextword.ngrams.arpa_spelling import OTHER_UNKNOWN, PAD_ID, SPECIAL_WORDS, UNKNOWN_ID


class ArpaVocabulary:
    """Words by id, growing while the 1-grams are read.

    Attributes:
        words: In the order of their ids, the four special ones first.
        ids: By spelling, of the words that were read.
    """

    def __init__(self) -> None:
        self.words: list[str] = list(SPECIAL_WORDS)
        self.ids: dict[bytes, int] = {}

    def add(self, lines: ArpaLines, spelling: bytes) -> int:
        """Give a new word its id."""
        word = lines.word(spelling)
        if word == SPECIAL_WORDS[PAD_ID]:
            lines.fail(f"{word} is kept for padding.", help="Rename the word in the file.")
        special = word in SPECIAL_WORDS or word == OTHER_UNKNOWN
        number = len(self.words)
        if special:
            number = UNKNOWN_ID if word == OTHER_UNKNOWN else SPECIAL_WORDS.index(word)
        if spelling in self.ids or (special and number in self.ids.values()):
            lines.fail(f"the word {word!r} stands here a second time.")
        if not special:
            self.words.append(word)
        self.ids[spelling] = number
        return number
