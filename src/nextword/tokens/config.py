"""Settings of a tokenizer. Knows nothing of how it is trained."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import STRICT, require, require_range
from nextword.tokens.vocabularies import NUM_SPECIAL_TOKENS, Markers, TokenizerKind

#: Size of the smallest byte-level vocabulary: the special tokens and the 256 bytes.
BYTE_VOCAB_SIZE = NUM_SPECIAL_TOKENS + 256

DEFAULT_BPE_VOCAB_SIZE = 8192

#: The trainer allocates memory for each token it may learn, 70 GB for 1e9 tokens.
MAX_BPE_VOCAB_SIZE = 1 << 20


@STRICT
@dataclass(frozen=True, kw_only=True)
class TokenizerConfig:
    """Settings of a tokenizer.

    Attributes:
        kind: `word` (split at NUL, tab, blank and line ends, like KenLM), `character`, `byte`, or
            `bpe` (byte-level).
        vocab_size: Largest number of tokens, the four special ones included; the most frequent
            ones are kept. None means all words or characters, and 8192 for `bpe`, whose maximum is
            1,048,576.
        min_count: Words or characters with a lower count are unknown. None means 2 for the words
            of an open vocabulary, so the model learns to predict unknown words, and otherwise 1.
        closed: Whether a literal `<unk>` in the text is an ordinary word (`word` only). `auto`
            means yes if the training text contains one, as Penn Treebank and WikiText do.
        markers: How `<s>`, `</s>` and `<pad>` as words of a text are handled (`word` only).
            `refuse` refuses the text, `strip` removes them at both ends of lines and refuses
            others, `skip` removes them everywhere, like `lmplz --skip_symbols`.

    Raises:
        ConfigError: A value is out of range or does not apply to the kind.

    Example:
        >>> TokenizerConfig(kind="bpe", vocab_size=1000).vocab_size
        1000
    """

    kind: TokenizerKind = "word"
    vocab_size: int | None = None
    min_count: int | None = None
    closed: Literal["auto"] | bool = "auto"
    markers: Markers = "refuse"

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
            require_range("min_count", self.min_count, low=1)
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
