r"""How each kind of tokenizer is written with the parts of Hugging Face `tokenizers`.

One `tokenizer.json` holds everything: the kind and whether the text is closed are read off its
parts, so that they survive whatever program saves the file again. No part is an "added token":
those would catch a literal `<s>` in the text.

    word       normalizer: reserved symbols that `markers` removes are removed, a literal special
               becomes `<unk>`, "\n" becomes " </s> "; split where `words` says; WordLevel. Whether
               `<unk>` is among the literals replaced says whether the text is open.
    character  every code point a token; WordLevel
    byte       byte-level alphabet; BPE without merges
    bpe        split after "\n" and after 16,384 characters of a line, around the "<" of a literal
               special, then GPT-2's pattern; byte-level alphabet; what is longer than 252 bytes is
               cut after each 252; BPE

Layout 1 is that of older files, which keep it: words split at ASCII white space, and no limit to
what byte pairs are merged in, so that a line without blanks took hours.

Knows nothing of files, of training or of fast paths.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from nextword.tokens.vocabularies.markers import REMOVED, Markers
from nextword.tokens.vocabularies.specials import SPECIAL_TOKENS, UNKNOWN_TOKEN
from nextword.tokens.vocabularies.words import LATEST_LAYOUT, Layout

TokenizerKind = Literal["word", "character", "byte", "bpe"]

#: Byte pairs: a line is read in parts of so many characters, each by itself.
LINE_PART_CHARACTERS = 1 << 14
#: Byte pairs: the most bytes a token can have. A multiple of 2, 3 and 4, so that a run of
#: characters of one script is cut between characters.
LONGEST_PRETOKEN_BYTES = 252

#: Between the brackets of a pattern. The text of layout 1 must stay as it is in saved files.
_SEPARATORS: dict[Layout, str] = {1: r" \t\x0b\x0c\r\n", 2: r"\x00\t\n\r "}


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """All that differs between two tokenizers.

    Attributes:
        kind: Which layout.
        closed: Whether a literal `<unk>` is an ordinary word.
        tokens: Names in the order of their ids; byte-level ones in GPT-2's printable alphabet.
        merges: Pairs in the order they are applied; empty but for `bpe`.
        markers: What becomes of reserved symbols in a text; `refuse` but for `word`.
        layout: The version of the parts; matters for `word` and `bpe`.
    """

    kind: TokenizerKind
    closed: bool = False
    markers: Markers = "refuse"
    layout: Layout = LATEST_LAYOUT
    tokens: Sequence[str]
    merges: Sequence[tuple[str, str]] = ()


def build(vocabulary: Vocabulary) -> tokenizers.Tokenizer:
    """Build the Hugging Face tokenizer of a vocabulary."""
    ids = {token: number for number, token in enumerate(vocabulary.tokens)}
    if vocabulary.kind in ("word", "character"):
        model: models.Model = models.WordLevel(ids, unk_token=UNKNOWN_TOKEN)
    else:
        model = models.BPE(ids, list(vocabulary.merges))
    tokenizer = tokenizers.Tokenizer(model)
    add_parts(tokenizer, vocabulary)
    return tokenizer


def add_parts(tokenizer: tokenizers.Tokenizer, vocabulary: Vocabulary) -> None:
    """Set the normalizer, pre-tokenizer and decoder that a vocabulary asks for."""
    if vocabulary.kind == "word":
        separators = _SEPARATORS[vocabulary.layout]
        tokenizer.normalizer = _word_normalizer(vocabulary)
        tokenizer.pre_tokenizer = pre_tokenizers.Split(
            tokenizers.Regex(f"[{separators}]+"), "removed"
        )
    elif vocabulary.kind == "character":
        tokenizer.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
        tokenizer.decoder = decoders.Fuse()
    elif vocabulary.kind == "byte":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.decoder = decoders.ByteLevel()
    else:
        tokenizer.pre_tokenizer = _bpe_splitter(vocabulary.layout)
        tokenizer.decoder = decoders.ByteLevel()


def byte_alphabet() -> tuple[str, ...]:
    r"""Return the printable character that stands for each byte, in the order of the bytes.

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


def _word_normalizer(vocabulary: Vocabulary) -> normalizers.Normalizer:
    inside_word = f"[^{_SEPARATORS[vocabulary.layout]}]"
    left_out = UNKNOWN_TOKEN if vocabulary.closed else None
    literals = "|".join(name for name in SPECIAL_TOKENS if name != left_out)
    pattern = f"(?<!{inside_word})(?:{literals})(?!{inside_word})"
    removed = REMOVED[vocabulary.markers]
    return normalizers.Sequence(
        [
            *(normalizers.Replace(tokenizers.Regex(marker), "") for marker in removed),
            normalizers.Replace(tokenizers.Regex(pattern), UNKNOWN_TOKEN),
            normalizers.Replace("\n", " </s> "),
        ]
    )


def _bpe_splitter(layout: Layout) -> pre_tokenizers.PreTokenizer:
    names = "|".join(name.removeprefix("<") for name in SPECIAL_TOKENS)
    # No merge may spell a special token, or text could produce its id.
    special = pre_tokenizers.Split(tokenizers.Regex(f"<(?={names})"), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if layout == 1:
        line_end = pre_tokenizers.Split("\n", "merged_with_previous")
        return pre_tokenizers.Sequence([line_end, special, byte_level])
    return pre_tokenizers.Sequence(
        [
            _cut(rf"[^\n]{{1,{LINE_PART_CHARACTERS}}}\n?|\n"),
            special,
            byte_level,
            _cut(rf"[\s\S]{{1,{LONGEST_PRETOKEN_BYTES}}}"),
        ]
    )


def _cut(pattern: str) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(tokenizers.Regex(pattern), "isolated")
