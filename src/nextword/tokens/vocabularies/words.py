r"""Split a text into words like KenLM's `lmplz`. Knows nothing of vocabularies.

`lmplz` splits only at NUL, tab, line feed, carriage return and blank: a form feed, a vertical tab
and every Unicode blank (U+00A0, U+0085, U+2028 and so on) are part of a word. Layout 1 of word
tokenizers splits at ASCII white space instead; tokenizers that were saved with it keep it.
"""

from typing import Literal

#: Version of the components of a kind; a saved tokenizer keeps the one it was trained with.
Layout = Literal[1, 2]
LATEST_LAYOUT: Layout = 2

_SEPARATORS: dict[Layout, str] = {1: " \t\n\v\f\r", 2: "\0\t\n\r "}
WORD_SEPARATORS = _SEPARATORS[LATEST_LAYOUT]

# `bytes.split` is by far the fastest way to split, but splits at ASCII white space. Therefore
# NUL is replaced by a blank, and VT and FF by bytes that never occur in UTF-8.
_FOLDING: dict[Layout, bytes | None] = {1: None, 2: bytes.maketrans(b"\0\v\f", b" \xfd\xfe")}
#: Maps the separators of the latest layout to 0 and all other bytes to 1.
_IS_WORD = bytes(chr(byte) not in _SEPARATORS[LATEST_LAYOUT] for byte in range(256))
_UNFOLDING: dict[Layout, bytes | None] = {1: None, 2: bytes.maketrans(b"\xfd\xfe", b"\v\f")}


def word_separators(layout: Layout) -> str:
    """Return the characters that separate words in a layout."""
    return _SEPARATORS[layout]


def fold_word(word: bytes, layout: Layout) -> bytes:
    """Return a word in the form that `split_words` returns."""
    return word.translate(_FOLDING[layout])


def unfold_word(word: bytes, layout: Layout) -> bytes:
    """Return the original bytes of a word that `split_words` returned."""
    return word.translate(_UNFOLDING[layout])


def split_words(data: bytes, layout: Layout = LATEST_LAYOUT) -> list[bytes]:
    r"""Return the words of a text.

    Args:
        data: The text in UTF-8.
        layout: Version of the rule.

    Returns:
        Words in which some bytes are replaced; `unfold_word` returns their original bytes.

    Example:
        >>> split_words(b"the cat\0sat\n")
        [b'the', b'cat', b'sat']
    """
    return data.translate(_FOLDING[layout]).split()


def count_words(data: bytes) -> int:
    r"""Return the number of words that `split_words` finds, without making a list of them.

    Args:
        data: The text in UTF-8.

    Example:
        >>> count_words(b"the cat\0sat\n")
        3
    """
    marks = data.translate(_IS_WORD)
    return marks.count(b"\0\1") + marks.startswith(b"\1")
