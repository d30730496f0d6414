r"""How each kind of tokenizer is written with the parts of Hugging Face `tokenizers`.

One `tokenizer.json` holds everything: the kind and whether the text is closed are read off its
parts, so that they survive whatever program saves the file again. No part is an "added token":
those would catch a literal `<s>` in the text.

    word       normaliser: a literal special becomes `<unk>`, "\n" becomes " </s> "; split at
               ASCII white space; WordLevel. Whether `<unk>` is among the literals replaced
               says whether the text is open.
    character  every code point a token; WordLevel
    byte       byte-level alphabet; BPE without merges
    bpe        split after "\n" and around the "<" of a literal special, then GPT-2's pattern;
               byte-level alphabet; BPE

Knows nothing of files, of training or of fast paths.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from nextword.tokens.config import TokenizerKind
from nextword.tokens.specials import SPECIAL_TOKENS, UNKNOWN_TOKEN

_BLANK = r"[ \t\x0b\x0c\r\n]"
_INSIDE_WORD = r"[^ \t\x0b\x0c\r\n]"


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """All that differs between two tokenizers.

    Attributes:
        kind: Which layout.
        closed: Whether a literal `<unk>` is an ordinary word.
        tokens: Names in the order of their ids; byte-level ones in GPT-2's printable alphabet.
        merges: Pairs in the order they are applied; empty but for `bpe`.
    """

    kind: TokenizerKind
    closed: bool = False
    tokens: Sequence[str]
    merges: Sequence[tuple[str, str]] = ()


def build(vocabulary: Vocabulary) -> tokenizers.Tokenizer:
    """Put a Hugging Face tokenizer together from a vocabulary."""
    ids = {token: number for number, token in enumerate(vocabulary.tokens)}
    if vocabulary.kind in ("word", "character"):
        model: models.Model = models.WordLevel(ids, unk_token=UNKNOWN_TOKEN)
    else:
        model = models.BPE(ids, list(vocabulary.merges))
    tokenizer = tokenizers.Tokenizer(model)
    add_parts(tokenizer, kind=vocabulary.kind, closed=vocabulary.closed)
    return tokenizer


def add_parts(tokenizer: tokenizers.Tokenizer, *, kind: TokenizerKind, closed: bool) -> None:
    """Give a tokenizer the normaliser, splitter and decoder of its kind."""
    if kind == "word":
        tokenizer.normalizer = _word_normalizer(closed=closed)
        tokenizer.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(f"{_BLANK}+"), "removed")
    elif kind == "character":
        tokenizer.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
        tokenizer.decoder = decoders.Fuse()
    else:
        tokenizer.pre_tokenizer = _byte_splitter() if kind == "byte" else _bpe_splitter()
        tokenizer.decoder = decoders.ByteLevel()


def byte_alphabet() -> tuple[str, ...]:
    r"""Give the printable character that stands for each byte, in the order of the bytes.

    It is GPT-2's: a byte that is printable in Latin-1 stands for itself, the others take
    characters from U+0100 on.

    Example:
        >>> alphabet = byte_alphabet()
        >>> alphabet[ord("A")], alphabet[ord(" ")], alphabet[ord("\n")]
        ('A', 'Ġ', 'Ċ')
    """
    themselves = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return tuple(chr(byte if byte in themselves else next(others)) for byte in range(256))


def _word_normalizer(*, closed: bool) -> normalizers.Normalizer:
    literals = [name for name in SPECIAL_TOKENS if not (closed and name == UNKNOWN_TOKEN)]
    pattern = f"(?<!{_INSIDE_WORD})(?:{'|'.join(literals)})(?!{_INSIDE_WORD})"
    return normalizers.Sequence(
        [
            normalizers.Replace(tokenizers.Regex(pattern), UNKNOWN_TOKEN),
            normalizers.Replace("\n", " </s> "),
        ]
    )


def _byte_splitter() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def _bpe_splitter() -> pre_tokenizers.PreTokenizer:
    names = "|".join(name.removeprefix("<") for name in SPECIAL_TOKENS)
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split("\n", "merged_with_previous"),
            # No merge may spell a special token, or text could produce its id.
            pre_tokenizers.Split(tokenizers.Regex(f"<(?={names})"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
