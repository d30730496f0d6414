"""Vectors that stand for tokens: settings, tables, files of pretrained ones."""

from nextword.embeddings.adaptive import AdaptiveEmbedding
from nextword.embeddings.clusters import NARROWING, check_cutoffs, default_cutoffs
from nextword.embeddings.config import EmbeddingConfig
from nextword.embeddings.lookup import look_up
from nextword.embeddings.one_hot import one_hot
from nextword.embeddings.pretrained import (
    WordVectors,
    first_other_words,
    open_vectors,
    read_vectors,
)
from nextword.embeddings.table import embedding_table
from nextword.embeddings.vector_file import VectorFile, VectorStream

__all__ = [
    "NARROWING",
    "AdaptiveEmbedding",
    "EmbeddingConfig",
    "VectorFile",
    "VectorStream",
    "WordVectors",
    "check_cutoffs",
    "default_cutoffs",
    "embedding_table",
    "first_other_words",
    "look_up",
    "one_hot",
    "open_vectors",
    "read_vectors",
]
