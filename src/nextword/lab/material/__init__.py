"""Texts, corpora, tasks and trained models of the experiments."""

from nextword.lab.material.recall import (
    NUM_SYMBOLS,
    RecallNetwork,
    recall_accuracy,
    recall_batch,
    train_recall,
)
from nextword.lab.material.sentences import (
    Sentence,
    last_states,
    new_encoder,
    sentences_of,
    train_encoder,
)
from nextword.lab.material.texts import (
    english_sentences,
    library_files,
    source_code,
    source_modules,
)
from nextword.lab.material.trained import (
    HELD_OUT_CHARACTERS,
    VALIDATION_CHARACTERS,
    char_lstm,
    memorized_modules,
    memorizing_lstm,
    pieces_of,
    subword_lstm,
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
    "NUM_SYMBOLS",
    "VALIDATION_CHARACTERS",
    "RecallNetwork",
    "Sentence",
    "WordCorpus",
    "char_lstm",
    "english_sentences",
    "last_states",
    "library_files",
    "memorized_modules",
    "memorizing_lstm",
    "new_encoder",
    "pieces_of",
    "recall_accuracy",
    "recall_batch",
    "sentences_of",
    "source_code",
    "source_modules",
    "subword_lstm",
    "train_encoder",
    "train_recall",
    "word_corpus",
    "word_lstm",
    "word_network",
    "word_ngrams",
]
