"""Count the characters of a text that are lost in tokenization. Knows nothing of tokenizers."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter, ne

import numpy as np
from jaxtyping import Int64

from nextword.tokens.vocabularies import SENTENCE_END_ID

#: Numbers of equal characters after which texts count as aligned; a smaller number costs more.
_KEY_SIZES = (4, 2, 1)
#: Longest stretch that counts as replaced by another one.
_WINDOW = 16
#: Longest stretch that may be missing from one text, and the key that confirms the alignment.
_FAR, _FAR_KEY_SIZE = 1 << 16, 12
_STEP = 1 << 10

_BLANK, _LINE_END = ord(" "), ord("\n")


class _Folding(dict[int, str]):
    """Maps a character to its lower-case base letter, and blanks and combining marks to nothing."""

    def __missing__(self, code_point: int) -> str:
        character = chr(code_point)
        is_attached = character.isspace() or unicodedata.combining(character)
        base = unicodedata.normalize("NFKD", character)[:1].lower()[:1]
        self[code_point] = "" if is_attached else base
        return self[code_point]


_FOLDING = _Folding()


@dataclass(frozen=True, kw_only=True)
class _Spelling:
    """A text split into letters, with the base letters that are used for alignment.

    Attributes:
        base: The base letters, in lower case.
        letters: The original letters.
        before: The blanks and combining marks before each letter and at the end of the text.
    """

    base: str
    letters: list[str]
    before: list[str]


def count_lost(text: str, decoded: str) -> int:
    """Count the characters of a text that differ in its decoding.

    A replaced, missing or additional character counts once. The texts are aligned from left to
    right in linear time, so the count may be larger than the edit distance of texts that have
    little in common. It is 0 only for equal texts.

    Args:
        text: The original text.
        decoded: The text after encoding and decoding.

    Example:
        >>> count_lost("The Café  door", "the cafe door")
        4
    """
    lines, others = text.split("\n"), decoded.split("\n")
    if len(lines) == len(others):
        return sum(_lost(*pair) for pair in zip(lines, others, strict=True) if ne(*pair))
    return _lost(text, decoded)


def count_blanks_lost(
    data: bytes, words: list[bytes], *, token_ids: Int64[np.ndarray, " num_tokens"]
) -> int:
    r"""Count the white space of a text that cannot be restored from its words and line ends.

    Decoding writes one blank between words. If lines start or end with one blank throughout, as in
    the Penn Treebank and WikiText files, these blanks are not counted as lost.

    Args:
        data: The text in UTF-8.
        words: Its words; each line end is a word of one byte.
        token_ids: Ids of the words, (num_tokens).
    """
    is_end = token_ids == SENTENCE_END_ID
    num_blanks = data.count(b" ")
    num_others = len(data) - num_blanks - len(b"".join(words))
    num_between = int((~is_end[:-1] & ~is_end[1:]).sum())
    if num_blanks == num_between and not num_others:
        return 0
    ends_line = np.append(is_end[1:], True)
    num_lines = int((~is_end & ends_line).sum())
    num_empty = data.count(b"\n") + (not data.endswith(b"\n")) - num_lines
    counts = _blanks_at_line_ends(data)
    num_extra = max(0, num_blanks - num_between - sum(counts))
    sizes = (num_lines, num_lines, num_empty)
    layout = sum(min(count, abs(size - count)) for count, size in zip(counts, sizes, strict=True))
    return num_others + num_extra + layout


def _blanks_at_line_ends(data: bytes) -> tuple[int, int, int]:
    r"""Return how many lines start with one blank, end with one, and have nothing but one.

    Example:
        >>> _blanks_at_line_ends(b" a\n b \n \n  c")
        (2, 1, 1)
    """
    characters = np.frombuffer(b"\n%b\n" % data, dtype=np.uint8)
    is_blank, is_end = characters == _BLANK, characters == _LINE_END
    places = np.flatnonzero(is_blank[1:-1] & (is_end[:-2] | is_end[2:])) + 1
    starts, ends = is_end[places - 1], is_end[places + 1]
    leading = starts & ~ends & ~is_blank[places + 1]
    trailing = ends & ~starts & ~is_blank[places - 1]
    return int(leading.sum()), int(trailing.sum()), int((starts & ends).sum())


def _lost(text: str, decoded: str) -> int:
    if len(text) == len(decoded) and text.lower() == decoded.lower():
        return _num_different(text, decoded)
    one, other = _spelling(text), _spelling(decoded)
    position = place = dropped = added = lost = 0
    while True:
        lost += max(dropped, added) + _attached(
            "".join(one.before[position : position + dropped + 1]),
            "".join(other.before[place : place + added + 1]),
        )
        position, place = position + dropped, place + added
        if position == len(one.base) and place == len(other.base):
            return lost
        length = _common_length(one.base, position, other.base, place)
        lost += _differing(one, position, other, place, length)
        position, place = position + length, place + length
        dropped, added = _gap(one.base, position, other.base, place)


def _spelling(text: str) -> _Spelling:
    letters, before, pending = [], [], ""
    for character in text:
        if _FOLDING[ord(character)]:
            letters.append(character)
            before.append(pending)
            pending = ""
        else:
            pending += character
    return _Spelling(base=text.translate(_FOLDING), letters=letters, before=[*before, pending])


def _common_length(text: str, position: int, other: str, place: int) -> int:
    """Return how many letters are equal from the two positions on."""
    length, step = 0, _STEP
    while step:
        one = text[position + length : position + length + step]
        if one and one == other[place + length : place + length + step]:
            length += len(one)
        else:
            step //= 2
    return length


def _differing(one: _Spelling, position: int, other: _Spelling, place: int, length: int) -> int:
    """Count differences between letters with equal bases, without what precedes the first one."""
    lost = _num_different(
        one.letters[position : position + length], other.letters[place : place + length]
    )
    first, second = (
        spelling.before[start + 1 : start + length]
        for spelling, start in ((one, position), (other, place))
    )
    if first != second:
        lost += sum(_attached(*pair) for pair in zip(first, second, strict=True) if ne(*pair))
    return lost


def _attached(first: str, second: str) -> int:
    """Count differences between the blanks and marks before two letters."""
    size = _common_length(first, 0, second, 0)
    first, second = first[size:][::-1], second[size:][::-1]
    return max(len(first), len(second)) - _common_length(first, 0, second, 0)


def _num_different(first: Sequence[str], second: Sequence[str]) -> int:
    return sum(map(bool, map(ne, first, second)))


def _gap(text: str, position: int, other: str, place: int) -> tuple[int, int]:
    """Return how many letters to skip in each text to align them again; prefer small gaps."""
    remaining, rest = len(text) - position, len(other) - place
    if not remaining or not rest:
        return remaining, rest
    found: list[tuple[int, tuple[int, int]]] = []
    for cost, key_size in enumerate(_KEY_SIZES, start=1):
        gap = _near_gap(text, position, other, place, key_size)
        if gap is not None:
            found.append((cost * max(gap), gap))
    if found:
        return min(found, key=itemgetter(0))[1]
    far = _far_gap(text, position, other, place)
    return (min(_WINDOW, remaining), min(_WINDOW, rest)) if far is None else far


def _near_gap(
    text: str, position: int, other: str, place: int, key_size: int
) -> tuple[int, int] | None:
    one = text[position : position + _WINDOW + key_size]
    two = other[place : place + _WINDOW + key_size]
    for size in range(1, _WINDOW):
        key, rival = one[size : size + key_size], two[size : size + key_size]
        for less in (size, *range(size)):
            if len(key) == key_size and key == two[less : less + key_size]:
                return size, less
            if len(rival) == key_size and rival == one[less : less + key_size]:
                return less, size
    return None


def _far_gap(text: str, position: int, other: str, place: int) -> tuple[int, int] | None:
    dropped = text.find(other[place : place + _FAR_KEY_SIZE], position, position + _FAR)
    added = other.find(text[position : position + _FAR_KEY_SIZE], place, place + _FAR)
    if dropped >= 0 and (added < 0 or dropped - position <= added - place):
        return dropped - position, 0
    return None if added < 0 else (0, added - place)
