r"""The spelling of tokens in an ARPA file, and the comment that names the kind of token.

The fields of an ARPA file are separated by white space. A token that is itself white space, or a
byte that is not text, is therefore written as its code, such as `<0x20>`. A comment before the
header names the kind of token, how words are split and the direction, unless the tokens are words
between white space, of an open vocabulary, in reading order:

    # nextword tokens: character
    # nextword tokens: word, split words, lowercase
    # nextword tokens: word, backward

A backward model has the tokens of each line in reverse order. KenLM and SRILM ignore the comment.
BPE tokenizers are not supported, because an ARPA file cannot store their merges.
"""

import re
from collections.abc import Sequence

from nextword.base import DataError
from nextword.tokens import (
    Direction,
    Tokenizer,
    TokenizerConfig,
    TokenizerKind,
    Vocabulary,
    VocabularyTokenizer,
    train_tokenizer,
)

#: The tokens of the first ids; a file contains the last three.
SPECIAL_WORDS = ("<pad>", "<unk>", "<s>", "</s>")
PAD_ID, UNKNOWN_ID, START_ID, END_ID = range(len(SPECIAL_WORDS))
#: Another name that readers of ARPA files treat as `<unk>`.
OTHER_UNKNOWN = "<UNK>"

#: Beginning of the comment that names the kind of token.
NOTE = "# nextword tokens: "
_KINDS: Sequence[TokenizerKind] = ("word", "character", "byte")
#: What may follow `word` in the comment.
_CLOSED, _SPLIT, _LOWERCASE = "closed", "split words", "lowercase"
_BACKWARD = "backward"
_SEPARATION = ", "

#: Characters that separate fields in at least one program that reads ARPA files.
_SEPARATOR = re.compile(r"[ \t\n\v\f\r\0]")
#: Characters that separate fields in all of them.
_WORD_SEPARATOR = re.compile(r"[ \t\n\r\0]")
_CODE = re.compile(r"<0x([0-9A-F]{2})>")


def note_of(tokenizer: Tokenizer) -> str:
    """Return the comment that names the kind of token; empty if none is needed.

    Raises:
        DataError: The tokenizer is a BPE tokenizer.
    """
    if not tokenizer.is_defined_by_tokens:
        raise DataError(
            "an ARPA file cannot store the merges of a bpe tokenizer, so a text could not be "
            "tokenized with the file.",
            help="Train with tokenizer.kind word, character or byte.",
        )
    is_word = tokenizer.is_word_level
    traits = {
        _CLOSED: is_word and tokenizer.has_closed_vocabulary,
        _SPLIT: is_word and not tokenizer.counts_words,
        _LOWERCASE: tokenizer.is_lowercase,
        _BACKWARD: tokenizer.is_backward,
    }
    note = _SEPARATION.join([tokenizer.unit, *(name for name, holds in traits.items() if holds)])
    return "" if note == "word" else f"{NOTE}{note}\n"


def spelt_tokens(tokenizer: Tokenizer) -> list[str]:
    """Return the spelling of each id.

    Raises:
        DataError: A word cannot be written in an ARPA file.
    """
    texts = [tokenizer.token_text(token_id) for token_id in range(tokenizer.vocab_size)]
    if not tokenizer.is_word_level:
        return [_spelt(text) for text in texts]
    for word in texts:
        if _WORD_SEPARATOR.search(word) or word == OTHER_UNKNOWN:
            raise DataError(
                f"the word {word!r} cannot be written in an ARPA file: readers would treat it as "
                "a separator or as <unk>.",
                help="Replace it in the text and train again.",
            )
    return texts


def tokenizer_of_spellings(note: str, words: Sequence[str]) -> VocabularyTokenizer:
    """Return the tokenizer that an ARPA file describes.

    Args:
        note: The kind of token, as in the comment after `NOTE`.
        words: The spelling of each id, the special ones first.

    Raises:
        DataError: The kind is unknown, or a word is not a token of that kind.
    """
    name, *traits = note.split(_SEPARATION)
    kind = next((kind for kind in _KINDS if kind == name), None)
    known = {_CLOSED, _SPLIT, _LOWERCASE, _BACKWARD} if kind == "word" else {_BACKWARD}
    if kind is None or not known.issuperset(traits):
        raise DataError(f"the kind of token {note!r} is unknown.", help="Upgrade nextword.")
    direction: Direction = "backward" if _BACKWARD in traits else "forward"
    if kind != "byte":
        tokens = words if kind == "word" else _characters(words)
        vocabulary = Vocabulary(
            kind=kind,
            closed=_CLOSED in traits,
            split="words" if _SPLIT in traits else "whitespace",
            lowercase=_LOWERCASE in traits,
            direction=direction,
            tokens=tuple(tokens),
        )
        return VocabularyTokenizer(vocabulary)
    tokenizer = train_tokenizer(TokenizerConfig(kind="byte", direction=direction), ())
    if list(words) != spelt_tokens(tokenizer):
        raise DataError("the words are not the 256 bytes in order.")
    return tokenizer


def _spelt(text: str) -> str:
    return _SEPARATOR.sub(lambda found: f"<0x{ord(found.group()):02X}>", text)


def _characters(words: Sequence[str]) -> list[str]:
    return [*SPECIAL_WORDS, *map(_character, words[len(SPECIAL_WORDS) :])]


def _character(word: str) -> str:
    """Return the character that a word spells."""
    code = _CODE.fullmatch(word)
    character = chr(int(code[1], 16)) if code else word
    if len(character) != 1 or _spelt(character) != word:
        raise DataError(f"the word {word!r} is not the spelling of a character.")
    return character
