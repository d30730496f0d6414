"""Split a corpus into training, validation and test parts. Knows nothing of words or tokens."""

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

from nextword.base import ConfigError, DataError
from nextword.text.corpus import Corpus
from nextword.text.documents import Document

_SUM_TOLERANCE = 1e-6
_PART_NAMES = ("training part", "validation part", "test part")
#: Characters that separate words, except line ends.
_WHITE_SPACE = "\0\t\r "


def split_corpus(
    corpus: Corpus, fractions: tuple[float, float, float]
) -> tuple[Corpus, Corpus, Corpus]:
    """Split a corpus into contiguous training, validation and test parts.

    Sizes are counted in characters. Whole documents are assigned to the first part until its share
    is reached, then to the next one. If a part would have no text, documents are split at the line
    end nearest to the share; a text of one line is split at the nearest white space, or between
    any two characters. The concatenated parts are the whole text. No text is kept in memory: the
    corpus is read once or twice here, and again when the parts are iterated.

    Args:
        corpus: The whole text.
        fractions: Shares of training, validation and test, each at least 0, with a sum of 1.

    Returns:
        Three corpora; one with a share of 0 has no documents.

    Raises:
        ConfigError: The shares are negative or do not sum to 1.
        DataError: The text has fewer characters than there are parts.
    """
    _check_fractions(fractions)
    sizes = array("q", (sum(map(len, document.pieces())) for document in corpus))
    cuts = _document_cuts(sizes, fractions)
    if not _is_filled(cuts, fractions):
        cuts = _inner_cuts(corpus, sizes, fractions)
    first, second, third = (
        Corpus(
            description=f"{corpus.description} ({name})",
            open_documents=partial(_part, corpus, sizes, start, end),
        )
        for name, start, end in zip(_PART_NAMES, cuts, cuts[1:], strict=False)
    )
    return first, second, third


def _check_fractions(fractions: tuple[float, float, float]) -> None:
    written = ",".join(f"{fraction:g}" for fraction in fractions)
    help = "Set the shares of training, validation and test, for example --split 0.9,0.05,0.05."
    if len(fractions) != len(_PART_NAMES):
        raise ConfigError(f"the split {written} has {len(fractions)} shares, not 3.", help=help)
    if not all(fraction >= 0 for fraction in fractions):
        raise ConfigError(f"the split {written} has a share that is not at least 0.", help=help)
    if not math.isclose(sum(fractions), 1.0, rel_tol=0.0, abs_tol=_SUM_TOLERANCE):
        raise ConfigError(f"the split {written} sums to {sum(fractions):g}, not to 1.", help=help)


def _targets(total: int, fractions: tuple[float, float, float]) -> list[int]:
    """Return the target boundaries, in characters from the start of the corpus."""
    targets = [0, *(min(round(total * share), total) for share in accumulate(fractions))]
    # The last part with a share takes the rest after rounding.
    last = max(part for part, fraction in enumerate(fractions) if fraction > 0)
    return [total if part > last else target for part, target in enumerate(targets)]


def _document_cuts(sizes: Sequence[int], fractions: tuple[float, float, float]) -> list[int]:
    """Move each boundary up to the next end of a document."""
    targets = _targets(sum(sizes), fractions)
    cuts, end = [0], 0
    remaining = iter(sizes)
    for target in targets[1:]:
        while end < target:
            end += next(remaining)
        cuts.append(end if target else 0)
    return cuts


def _is_filled(cuts: list[int], fractions: tuple[float, float, float]) -> bool:
    return all(
        end > start
        for start, end, fraction in zip(cuts, cuts[1:], fractions, strict=False)
        if fraction > 0
    )


def _inner_cuts(
    corpus: Corpus, sizes: Sequence[int], fractions: tuple[float, float, float]
) -> list[int]:
    """Move each boundary to the nearest line end that leaves every part some text."""
    total = sum(sizes)
    num_parts = sum(fraction > 0 for fraction in fractions)
    if total < num_parts:
        raise DataError(
            f"{corpus.description} has {total:,} characters; that is too few for "
            f"{num_parts} parts.",
            help="Give a longer text, or a split with shares of 0.",
        )
    cuts = [0]
    for part, target in enumerate(_targets(total, fractions)[1:]):
        still_to_fill = sum(fraction > 0 for fraction in fractions[part + 1 :])
        if not fractions[part]:
            cuts.append(cuts[-1])
        elif not still_to_fill:
            cuts.append(total)
        else:
            low, high = cuts[-1] + 1, total - still_to_fill
            window = _Window(low=low, high=high, target=min(max(target, low), high))
            cuts.append(_nearest_cut(corpus, window))
    return cuts


@dataclass(frozen=True, kw_only=True)
class _Window:
    """Allowed range of a boundary, `low` to `high`, and its target, in characters."""

    low: int
    high: int
    target: int

    def nearest(self, positions: Iterable[int]) -> int | None:
        allowed = (position for position in positions if self.low <= position <= self.high)
        return min(allowed, key=lambda position: abs(position - self.target), default=None)


def _nearest_cut(corpus: Corpus, window: _Window) -> int:
    for ends in (_line_ends, _white_space_ends):
        found = window.nearest(_ends_around(corpus, window, ends=ends))
        if found is not None:
            return found
    return window.target


def _ends_around(
    corpus: Corpus, window: _Window, *, ends: Callable[[str, int], Iterator[int]]
) -> Iterator[int]:
    """Return, for each relevant piece, its ends around the target."""
    start = 0
    for document in corpus:
        is_line_start = True
        for piece in document.pieces():
            if start > window.high:
                return
            inside = min(window.target - start, len(piece))
            if start + len(piece) >= window.low:
                found = ends(piece, max(inside, 0))
                # A long line has several pieces, so the start of a piece may not be a line start.
                yield from (start + position for position in found if position or is_line_start)
            start += len(piece)
            is_line_start = piece.endswith("\n")
        yield start


def _line_ends(piece: str, position: int) -> Iterator[int]:
    """Return the last line end at or before a position and the first one at or after it."""
    yield piece.rfind("\n", 0, position) + 1
    yield piece.find("\n", max(position - 1, 0)) + 1


def _white_space_ends(piece: str, position: int) -> Iterator[int]:
    for sign in _WHITE_SPACE:
        yield piece.rfind(sign, 0, position) + 1
        yield piece.find(sign, max(position - 1, 0)) + 1


def _part(corpus: Corpus, sizes: Sequence[int], start: int, end: int) -> Iterator[Document]:
    """Return the documents, or parts of them, between two boundaries."""
    begin = 0
    for document, size in zip(corpus, sizes, strict=False):
        if begin >= end:
            return
        low, high = max(start - begin, 0), min(end - begin, size)
        if low < high:
            yield document if high - low == size else _slice(document, low, high)
        begin += size


def _slice(document: Document, low: int, high: int) -> Document:
    return Document(
        name=f"{document.name} (characters {low:,} to {high:,})",
        open_pieces=partial(_sliced_pieces, document, low, high),
    )


def _sliced_pieces(document: Document, low: int, high: int) -> Iterator[str]:
    begin = 0
    for piece in document.pieces():
        if begin >= high:
            return
        if part := piece[max(low - begin, 0) : high - begin]:
            yield part
        begin += len(piece)
