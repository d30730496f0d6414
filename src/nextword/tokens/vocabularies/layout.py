r"""How each kind of tokenizer is built from the components of Hugging Face `tokenizers`.

One `tokenizer.json` contains everything. The kind and whether the vocabulary is closed are derived
from its components, so they are kept if another program saves the file again. No component is an
"added token", because added tokens would match a literal `<s>` in a text.

    word       normalizer: removes the reserved symbols that `markers` removes, writes the text in
               lower case with `lowercase`, replaces a literal special token by `<unk>` and "\n" by
               " </s> "; splits as in `words`, or as in `word_split`; WordLevel. The vocabulary is
               open if a literal `<unk>` is among the replaced tokens.
    character  every code point is a token; WordLevel
    byte       byte-level alphabet; BPE without merges
    bpe        split after "\n" and after 16,384 characters of a line, around the "<" of a literal
               special, then GPT-2's pattern; byte-level alphabet; longer parts are split after each
               252 bytes; BPE

Hugging Face has no component that reverses a line. A normalizer that matches nothing and names the
direction marks a backward tokenizer: older versions of nextword refuse the file, and Hugging Face
returns the ids of each line in reading order.

Layout 1 is the one of older files, which keep it: words are split at ASCII white space, and merges
have no length limit, so a line without blanks took hours.

Knows nothing of files, of training or of fast encoding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from nextword.tokens.vocabularies.markers import REMOVED, Markers
from nextword.tokens.vocabularies.specials import SPECIAL_TOKENS, UNKNOWN_TOKEN
from nextword.tokens.vocabularies.word_split import Split, word_splitter
from nextword.tokens.vocabularies.words import LATEST_LAYOUT, Layout

TokenizerKind = Literal["word", "character", "byte", "bpe"]
#: Order in which the tokens of a line are encoded; see `TokenizerConfig`.
Direction = Literal["forward", "backward"]

#: BPE: a line is encoded in independent parts of this many characters.
LINE_PART_CHARACTERS = 1 << 14
#: BPE: largest number of bytes of a token. A multiple of 2, 3 and 4, so a run of characters of one
#: script is split between characters.
LONGEST_PRETOKEN_BYTES = 252

#: Inside the brackets of a pattern. The text of layout 1 must stay as it is in saved files.
_SEPARATORS: dict[Layout, str] = {1: r" \t\x0b\x0c\r\n", 2: r"\x00\t\n\r "}


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Everything that defines a tokenizer.

    Attributes:
        kind: `word`, `character`, `byte` or `bpe`.
        closed: Whether a literal `<unk>` is an ordinary word.
        tokens: Tokens in the order of their ids; byte-level ones in GPT-2's printable alphabet.
        merges: Pairs in the order in which they are applied; only for `bpe`.
        markers: How reserved symbols in a text are handled; always `refuse` except for `word`.
        layout: Version of the components; used for `word` and `bpe`.
        direction: Order in which the tokens of a line are encoded.
        split: How kind `word` splits a text; see `TokenizerConfig`.
        lowercase: Whether kind `word` reads every word in lower case.
    """

    kind: TokenizerKind
    closed: bool = False
    markers: Markers = "refuse"
    layout: Layout = LATEST_LAYOUT
    direction: Direction = "forward"
    split: Split = "whitespace"
    lowercase: bool = False
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
    """Set the normalizer, pre-tokenizer and decoder of a vocabulary, in place."""
    if vocabulary.kind == "word":
        tokenizer.normalizer = _word_normalizer(vocabulary)
        tokenizer.pre_tokenizer = _word_splitter(vocabulary)
    elif vocabulary.kind == "character":
        tokenizer.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
        tokenizer.decoder = decoders.Fuse()
    elif vocabulary.kind == "byte":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.decoder = decoders.ByteLevel()
    else:
        tokenizer.pre_tokenizer = _bpe_splitter(vocabulary.layout)
        tokenizer.decoder = decoders.ByteLevel()
    if vocabulary.direction == "backward":
        parts = [] if tokenizer.normalizer is None else [tokenizer.normalizer]
        tokenizer.normalizer = normalizers.Sequence([_backward_mark(), *parts])


def byte_alphabet() -> tuple[str, ...]:
    r"""Return the printable character that represents each byte, in the order of the bytes.

    This is GPT-2's alphabet: a byte that is printable in Latin-1 represents itself, the others
    are represented by characters from U+0100 on.

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
            *([normalizers.Lowercase()] if vocabulary.lowercase else []),
            normalizers.Replace(tokenizers.Regex(pattern), UNKNOWN_TOKEN),
            normalizers.Replace("\n", " </s> "),
        ]
    )


def _word_splitter(vocabulary: Vocabulary) -> pre_tokenizers.PreTokenizer:
    if vocabulary.split == "words":
        return word_splitter()
    separators = _SEPARATORS[vocabulary.layout]
    return pre_tokenizers.Split(tokenizers.Regex(f"[{separators}]+"), "removed")


def _backward_mark() -> normalizers.Normalizer:
    matches_nothing = tokenizers.Regex("(?!)")
    return normalizers.Replace(matches_nothing, "nextword: backward")


def _bpe_splitter(layout: Layout) -> pre_tokenizers.PreTokenizer:
    names = "|".join(name.removeprefix("<") for name in SPECIAL_TOKENS)
    # Prevents merges that equal a special token, because a text could then produce its id.
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
