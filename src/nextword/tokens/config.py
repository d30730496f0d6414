"""Settings of a tokenizer."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import PositiveInt, require, require_range, settings
from nextword.tokens.vocabularies import (
    NUM_SPECIAL_TOKENS,
    Direction,
    Markers,
    Split,
    TokenizerKind,
)

#: Special tokens and the 256 bytes, which every byte-level vocabulary contains.
BYTE_VOCAB_SIZE = NUM_SPECIAL_TOKENS + 256

DEFAULT_BPE_VOCAB_SIZE = 8192

#: The trainer allocates memory for each token it may learn, 70 GB for 1e9 tokens.
MAX_BPE_VOCAB_SIZE = 1 << 20


@settings("tokenizer")
@dataclass(frozen=True, kw_only=True)
class TokenizerConfig:
    """`tokenizer.*`: the tokenizer and its vocabulary.

    Attributes:
        kind: `word` (see `split`), `character`, `byte`, or `bpe` (byte-level BPE).
        split: How `word` splits a text. `whitespace` splits at NUL, tab, space and line ends, as
            KenLM does. `words` separates Unicode words and punctuation, so that `end` and `end,`
            are the same word; white space is lost where decoding cannot restore it.
        lowercase: Read every word in lower case (`word` only); capitals are lost.
        vocab_size: Maximum number of tokens, including the four special tokens; the most frequent
            are kept. When not set, `word` and `character` keep all, and `bpe` learns 8192. `bpe`
            learns at most 1,048,576.
        min_count: Words or characters that occur less often are out-of-vocabulary. When not set, 2
            for words of a text without `<unk>`, to train the embedding of unknown words, else 1.
        closed: Treat `<unk>` in the text as an ordinary word (`word` only). `auto` does so if the
            training text contains it, as Penn Treebank and WikiText do.
        markers: Treatment of the words `<s>`, `</s>` and `<pad>` in a text (`word` only). `refuse`
            raises an error; `strip` removes them at both ends of lines and refuses others; `skip`
            removes them everywhere, as `lmplz --skip_symbols` does.
        direction: Order in which a model reads the tokens of each line: `forward`, or `backward`
            (from the last token of the line to the first, then the line end).

    Raises:
        ConfigError: A value is out of range or does not apply to the kind.

    Example:
        >>> TokenizerConfig(kind="bpe", vocab_size=1000).vocab_size
        1000
    """

    kind: TokenizerKind = "word"
    split: Split = "whitespace"
    lowercase: bool = False
    vocab_size: int | None = None
    min_count: PositiveInt | None = None
    closed: Literal["auto"] | bool = "auto"
    markers: Markers = "refuse"
    direction: Direction = "forward"

    @property
    def has_reserved_words(self) -> bool:
        """Whether `<s>`, `</s>` and `<pad>` are reserved symbols instead of ordinary text."""
        return self.kind == "word"

    def __post_init__(self) -> None:
        counts_tokens = self.kind in ("word", "character")
        if self.vocab_size is not None:
            require(
                self.kind != "byte",
                f"vocab_size is {self.vocab_size}, but a byte vocabulary always has "
                f"{BYTE_VOCAB_SIZE} tokens.",
                help="Leave vocab_size out.",
            )
            low = NUM_SPECIAL_TOKENS + 1 if counts_tokens else BYTE_VOCAB_SIZE
            require_range("vocab_size", self.vocab_size, low=low)
            require(
                self.kind != "bpe" or self.vocab_size <= MAX_BPE_VOCAB_SIZE,
                f"vocab_size is {self.vocab_size:,}, but at most {MAX_BPE_VOCAB_SIZE:,} byte-pair "
                "tokens can be learned.",
                help="Choose a smaller one; 8192 to 100000 is usual.",
            )
        if self.min_count is not None:
            require(
                counts_tokens,
                f"min_count is {self.min_count}, but the {self.kind} tokenizer knows every text.",
                help="Leave min_count out, or choose kind word or character.",
            )
        require(
            self.kind == "word" or self.split == "whitespace",
            f"split is {self.split!r}, but the {self.kind} tokenizer has no words to split.",
            help="Leave split out, or choose kind word.",
        )
        require(
            self.kind == "word" or not self.lowercase,
            f"lowercase is true, but the {self.kind} tokenizer encodes every text as it is.",
            help="Leave lowercase out, or choose kind word.",
        )
        require(
            self.kind == "word" or self.closed in ("auto", False),
            f"closed is {self.closed!r}, but the {self.kind} tokenizer has no word '<unk>'.",
            help="Leave closed out, or choose kind word.",
        )
        require(
            self.kind == "word" or self.markers == "refuse",
            f"markers is {self.markers!r}, but for the {self.kind} tokenizer '<s>' is ordinary "
            "text.",
            help="Leave markers out, or choose kind word.",
        )
