r"""How tokens are spelt in an ARPA file, and how the file says what they are.

The fields of an ARPA file stand apart by blanks. A token that is a blank, or a byte that is no
text, is therefore written by its code, `<0x20>`; nothing else is spelt so, and it can be read
back. Where tokens are not the words of an open vocabulary, a comment before the header says so:

    # nextword tokens: character

KenLM and SRILM pass over it; without it a file is one of words. Byte pairs have no such spelling:
the file has no place for the merges that cut a text into them.
"""

import re
from collections.abc import Sequence

from nextword.base import DataError
from nextword.tokens import Tokenizer, TokenizerConfig, TokenizerKind, Vocabulary, train_tokenizer

#: What the tokenizer's first ids stand for; a file has the last three.
SPECIAL_WORDS = ("<pad>", "<unk>", "<s>", "</s>")
PAD_ID, UNKNOWN_ID, START_ID, END_ID = range(len(SPECIAL_WORDS))
#: Another name that every reader of ARPA files takes for `<unk>`.
OTHER_UNKNOWN = "<UNK>"

#: How the comment begins that names the kind of token.
NOTE = "# nextword tokens: "
#: What a note may say: the kind of token, and whether a literal `<unk>` is an ordinary word.
_KINDS: dict[str, tuple[TokenizerKind, bool]] = {
    "word": ("word", False),
    "word, closed": ("word", True),
    "character": ("character", False),
    "byte": ("byte", False),
}

#: What separates fields for some program that reads ARPA files.
_SEPARATOR = re.compile(r"[ \t\n\v\f\r\0]")
#: What separates fields for all of them.
_WORD_SEPARATOR = re.compile(r"[ \t\n\r\0]")
_CODE = re.compile(r"<0x([0-9A-F]{2})>")


def note_of(tokenizer: Tokenizer) -> str:
    """Return the comment that names a tokenizer's tokens; empty where none is needed.

    Raises:
        DataError: The tokens are byte pairs.
    """
    if tokenizer.kind == "bpe":
        raise DataError(
            "an ARPA file has no place for the merges of a bpe tokenizer; what is read back could "
            "not cut a text into its tokens.",
            help="Train with tokenizer.kind word, character or byte.",
        )
    names = [name for name, kind in _KINDS.items() if kind == (tokenizer.kind, tokenizer.closed)]
    return "" if names == ["word"] else f"{NOTE}{names[0]}\n"


def spelt_tokens(tokenizer: Tokenizer) -> list[str]:
    """Return the spelling of each id.

    Raises:
        DataError: A word cannot stand in an ARPA file.
    """
    texts = [tokenizer.token_text(token_id) for token_id in range(tokenizer.vocab_size)]
    if tokenizer.kind != "word":
        return [_spelt(text) for text in texts]
    for word in texts:
        if _WORD_SEPARATOR.search(word) or word == OTHER_UNKNOWN:
            raise DataError(
                f"the word {word!r} cannot stand in an ARPA file: readers would take it for a "
                "separator or for <unk>.",
                help="Replace it in the text and train again.",
            )
    return texts


def tokenizer_of_spellings(note: str, words: Sequence[str]) -> Tokenizer:
    """Return the tokenizer that a file's note and words stand for.

    Args:
        note: What stands after `NOTE`.
        words: The spelling of each id, the special ones first.

    Raises:
        DataError: The note is unknown, or a word is none of its tokens.
    """
    if note not in _KINDS:
        raise DataError(f"tokens of the kind {note!r} are unknown.", help="Upgrade nextword.")
    kind, closed = _KINDS[note]
    if kind == "word":
        return Tokenizer(Vocabulary(kind=kind, closed=closed, tokens=tuple(words)))
    if kind == "character":
        own = map(_character, words[len(SPECIAL_WORDS) :])
        return Tokenizer(Vocabulary(kind=kind, tokens=(*SPECIAL_WORDS, *own)))
    tokenizer = train_tokenizer(TokenizerConfig(kind="byte"), ())
    if list(words) != spelt_tokens(tokenizer):
        raise DataError("the words are not the 256 bytes in their order.")
    return tokenizer


def _spelt(text: str) -> str:
    return _SEPARATOR.sub(lambda found: f"<0x{ord(found.group()):02X}>", text)


def _character(word: str) -> str:
    """Return the character that a word spells."""
    code = _CODE.fullmatch(word)
    character = chr(int(code[1], 16)) if code else word
    if len(character) != 1 or _spelt(character) != word:
        raise DataError(f"the word {word!r} spells no character.")
    return character
