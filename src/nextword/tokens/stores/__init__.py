"""Token stores: encoded texts in memory or memory-mapped from disk, and their statistics."""

from nextword.tokens.stores.coverage import Coverage, coverage
from nextword.tokens.stores.store import (
    DESCRIPTION_FILE,
    RESETS,
    Reset,
    TokenStore,
    open_store,
    require_trainable,
)
from nextword.tokens.stores.store_builder import build_store, kept_text_bytes, text_sha256

__all__ = [
    "DESCRIPTION_FILE",
    "RESETS",
    "Coverage",
    "Reset",
    "TokenStore",
    "build_store",
    "coverage",
    "kept_text_bytes",
    "open_store",
    "require_trainable",
    "text_sha256",
]
