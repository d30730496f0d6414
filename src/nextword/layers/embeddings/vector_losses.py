"""Statistics of skipped entries of a word vector file, and of near misses with the vocabulary."""

from collections import Counter
from collections.abc import Collection

from nextword.layers.embeddings.vector_file import Entry

#: What each kind of skipped entry is called, one and several.
_NAMES = {
    "undecodable": "not UTF-8",
    "empty": "empty",
    "width": "followed by another number of numbers than the file's width",
    "duplicate": "listed twice; the first vector is kept",
}
#: A word of the file that is not wanted, but would be after a change.
_VARIANTS = {
    "case": "in other capitals",
    "mark": "after a byte order mark",
    "tag": "with a tag such as _NOUN",
    "marker": "with a marker such as the sentencepiece \u2581",
}


class VectorLosses:
    """Counts of skipped entries, and of near misses.

    Args:
        unit: Unit of positions in the file.
        wanted: The words that were asked for.

    Attributes:
        counts: Number of entries skipped, by kind: `undecodable`, `empty`, `width`, `duplicate`.
        near_misses: Number of words that differ from a wanted one, by how: `case`, `mark`, `tag`,
            `marker`.
    """

    def __init__(self, *, unit: str = "line", wanted: Collection[str] = ()) -> None:
        self.counts: Counter[str] = Counter()
        self.near_misses: Counter[str] = Counter()
        self._places: dict[str, int] = {}
        self._unit = unit
        self._wanted = wanted
        self._folded = {word.casefold() for word in wanted}

    def add(self, kind: str, place: int) -> None:
        """Count a skipped entry."""
        self.counts[kind] += 1
        self._places.setdefault(kind, place)

    def add_unwanted(self, entry: Entry, word: str | None) -> None:
        """Count an entry that is not wanted, if something is wrong with it or nearly right.

        Args:
            entry: The entry.
            word: Its word; None if it cannot be decoded.
        """
        if word is None:
            self.add("undecodable", entry.place)
        elif not word:
            self.add("empty", entry.place)
        elif not entry.has_width:
            self.add("width", entry.place)
        elif kind := self._near_miss(word):
            self.near_misses[kind] += 1

    def warnings(self) -> list[str]:
        """Return a sentence for each kind of skipped entry."""
        return [
            f"{count:,} {'word is' if count == 1 else 'words are'} {_NAMES[kind]} "
            f"(first at {self._unit} {self._places[kind]:,})"
            for kind, count in self.counts.items()
        ]

    def likely_cause(self) -> str:
        """Return a sentence on why few wanted words were found."""
        for kind, count in self.near_misses.most_common(1):
            return f"{count:,} more words of the vocabulary are there {_VARIANTS[kind]}."
        if self.counts["undecodable"]:
            return "Many words are not UTF-8: convert the file (iconv -f latin1 -t utf-8)."
        return "The vectors may be of another language, or the tokens may not be whole words."

    def _near_miss(self, word: str) -> str | None:
        if word.casefold() in self._folded:
            return "case"
        if word[0] == "\ufeff" and word[1:] in self._wanted:
            return "mark"
        if word[0] in "\u2581\u0120" and word[1:] in self._wanted:
            return "marker"
        return "tag" if "_" in word and word.partition("_")[0] in self._wanted else None
