"""Embeddings: their settings, tables, and files of pretrained word vectors."""

from nextword.layers.embeddings.adaptive import AdaptiveEmbedding
from nextword.layers.embeddings.clusters import NARROWING, check_cutoffs, default_cutoffs
from nextword.layers.embeddings.config import EmbeddingConfig
from nextword.layers.embeddings.lookup import look_up
from nextword.layers.embeddings.one_hot import one_hot
from nextword.layers.embeddings.pretrained import (
    WordVectors,
    first_other_words,
    open_vectors,
    read_vectors,
)
from nextword.layers.embeddings.table import embedding_table
from nextword.layers.embeddings.vector_file import VectorFile, VectorStream

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
