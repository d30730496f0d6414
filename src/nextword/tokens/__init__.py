"""From text to token ids and back, and texts kept as ids. Knows nothing of torch or of models."""

from nextword.tokens.config import TokenizerConfig, TokenizerKind
from nextword.tokens.coverage import Coverage, coverage
from nextword.tokens.decoding import StreamDecoder
from nextword.tokens.encoders import Encoding
from nextword.tokens.layout import Vocabulary
from nextword.tokens.losses import count_lost
from nextword.tokens.markers import remove_markers
from nextword.tokens.specials import NUM_SPECIAL_TOKENS
from nextword.tokens.store import (
    DESCRIPTION_FILE,
    RESETS,
    Reset,
    TokenStore,
    open_store,
    require_trainable,
)
from nextword.tokens.store_builder import build_store, text_sha256
from nextword.tokens.text_counts import TextCounts, count_text
from nextword.tokens.tokenizer import Tokenizer
from nextword.tokens.training import train_tokenizer
from nextword.tokens.vocabulary_spec import VocabularySpec
from nextword.tokens.words import WORD_SEPARATORS

__all__ = [
    "DESCRIPTION_FILE",
    "NUM_SPECIAL_TOKENS",
    "RESETS",
    "WORD_SEPARATORS",
    "Coverage",
    "Encoding",
    "Reset",
    "StreamDecoder",
    "TextCounts",
    "TokenStore",
    "Tokenizer",
    "TokenizerConfig",
    "TokenizerKind",
    "Vocabulary",
    "VocabularySpec",
    "build_store",
    "count_lost",
    "count_text",
    "coverage",
    "open_store",
    "remove_markers",
    "require_trainable",
    "text_sha256",
    "train_tokenizer",
]
