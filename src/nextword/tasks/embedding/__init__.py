"""Vectors of texts, from the hidden states of a model, and their nearest neighbours."""

from nextword.tasks.embedding.contract import EncodesTexts, TextVector, VectorEncoder
from nextword.tasks.embedding.language_model import LanguageModelVectors
from nextword.tasks.embedding.neighbours import Neighbour, nearest_among, nearest_to
from nextword.tasks.embedding.pooling import POOLINGS, Vectors
from nextword.tasks.embedding.vector_file import check_vector_path, new_vector_file
from nextword.tasks.embedding.words import WordEncoderVectors

__all__ = [
    "POOLINGS",
    "EncodesTexts",
    "LanguageModelVectors",
    "Neighbour",
    "TextVector",
    "VectorEncoder",
    "Vectors",
    "WordEncoderVectors",
    "check_vector_path",
    "nearest_among",
    "nearest_to",
    "new_vector_file",
]
