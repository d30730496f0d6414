"""Tokenizers and token stores. Knows nothing of torch or of models."""

from nextword.tokens.config import TokenizerConfig
from nextword.tokens.decoding import StreamDecoder, checked_id
from nextword.tokens.encoders import Encoding
from nextword.tokens.losses import count_lost
from nextword.tokens.offsets import Offsets
from nextword.tokens.stores import (
    DESCRIPTION_FILE,
    RESETS,
    Coverage,
    Reset,
    TokenStore,
    build_store,
    coverage,
    kept_text_bytes,
    open_store,
    require_trainable,
    text_sha256,
)
from nextword.tokens.text_counts import TextCounts, count_text
from nextword.tokens.token_texts import TokenTexts
from nextword.tokens.tokenizer import Tokenizer, TokenUnit
from nextword.tokens.training import train_tokenizer
from nextword.tokens.vocabularies import (
    LINE_PART_CHARACTERS,
    LONGEST_PRETOKEN_BYTES,
    NUM_SPECIAL_TOKENS,
    WORD_SEPARATORS,
    Direction,
    TokenizerKind,
    Vocabulary,
    VocabularySpec,
    lowered,
    merged_pairs,
    remove_markers,
)
from nextword.tokens.vocabulary_tokenizer import VocabularyTokenizer

__all__ = [
    "DESCRIPTION_FILE",
    "LINE_PART_CHARACTERS",
    "LONGEST_PRETOKEN_BYTES",
    "NUM_SPECIAL_TOKENS",
    "RESETS",
    "WORD_SEPARATORS",
    "Coverage",
    "Direction",
    "Encoding",
    "Offsets",
    "Reset",
    "StreamDecoder",
    "TextCounts",
    "TokenStore",
    "TokenTexts",
    "TokenUnit",
    "Tokenizer",
    "TokenizerConfig",
    "TokenizerKind",
    "Vocabulary",
    "VocabularySpec",
    "VocabularyTokenizer",
    "build_store",
    "checked_id",
    "count_lost",
    "count_text",
    "coverage",
    "kept_text_bytes",
    "lowered",
    "merged_pairs",
    "open_store",
    "remove_markers",
    "require_trainable",
    "text_sha256",
    "train_tokenizer",
]
