"""Texts, corpora, tasks and trained models of the experiments."""

from nextword.lab.material.code_properties import (
    LATE_COLUMN,
    code_properties,
)
from nextword.lab.material.recall import (
    NUM_SYMBOLS,
    RecallNetwork,
    recall_accuracy,
    recall_batch,
    train_recall,
)
from nextword.lab.material.texts import (
    english_sentences,
    library_files,
    source_code,
    source_modules,
)
from nextword.lab.material.trained import (
    HELD_OUT_CHARACTERS,
    byte_lstm,
    held_out_ids,
    pieces_of,
)
from nextword.lab.material.words import (
    WordCorpus,
    word_corpus,
    word_lstm,
    word_network,
    word_ngrams,
)

__all__ = [
    "HELD_OUT_CHARACTERS",
    "LATE_COLUMN",
    "NUM_SYMBOLS",
    "RecallNetwork",
    "WordCorpus",
    "byte_lstm",
    "code_properties",
    "english_sentences",
    "held_out_ids",
    "library_files",
    "pieces_of",
    "recall_accuracy",
    "recall_batch",
    "source_code",
    "source_modules",
    "train_recall",
    "word_corpus",
    "word_lstm",
    "word_network",
    "word_ngrams",
]
