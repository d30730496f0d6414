"""A small corpus of English words, with n-gram tables and networks that are trained on it."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64

from nextword.families import (
    NetworkSpec,
    NeuralModelConfig,
    NgramConfig,
    NgramLanguageModel,
    RecurrentConfig,
    train_ngram,
)
from nextword.lab.material.texts import english_sentences
from nextword.lab.tools import Report, Stream, fit
from nextword.lab.workbench import Workbench
from nextword.models import NeuralLanguageModel
from nextword.text import Corpus, text_document
from nextword.tokens import (
    TokenizerConfig,
    TokenStore,
    VocabularyTokenizer,
    build_store,
    train_tokenizer,
)

_MIN_COUNT = 3
_LANES, _BPTT = 16, 30
#: Every fifth block of so many sentences is held out.
_BLOCK, _EVERY = 100, 5


@dataclass(frozen=True, kw_only=True, eq=False)
class WordCorpus:
    """English sentences as word ids; every sentence ends with `</s>`.

    Attributes:
        tokenizer: The tokenizer, whose vocabulary is that of the training part.
        train: The training part.
        held_out: The held-out part.
    """

    tokenizer: VocabularyTokenizer
    train: TokenStore
    held_out: TokenStore

    @property
    def train_ids(self) -> Stream:
        """The ids of the training part."""
        return _ids(self.train)

    @property
    def held_out_ids(self) -> Stream:
        """The ids of the held-out part."""
        return _ids(self.held_out)


def word_corpus(bench: Workbench) -> WordCorpus:
    """Return the corpus; made once in a run."""
    return bench.shared("word-corpus", _make)


def _make() -> WordCorpus:
    sentences = english_sentences()
    parts: tuple[list[str], list[str]] = ([], [])
    for number, sentence in enumerate(sentences):
        parts[number // _BLOCK % _EVERY == _EVERY - 1].append(sentence + "\n")
    train, held_out = (_corpus("".join(part)) for part in parts)
    tokenizer = train_tokenizer(TokenizerConfig(min_count=_MIN_COUNT), train.pieces())
    return WordCorpus(
        tokenizer=tokenizer,
        train=build_store(train, tokenizer, folder=None),
        held_out=build_store(held_out, tokenizer, folder=None),
    )


def _corpus(text: str) -> Corpus:
    document = text_document(text, name="the documentation strings of the standard library")
    return Corpus(description=document.name, open_documents=lambda: iter([document]))


def _ids(store: TokenStore) -> Int64[torch.Tensor, " num_tokens"]:
    return torch.from_numpy(np.asarray(store.ids).astype(np.int64))


def word_ngrams(corpus: WordCorpus, *, order: int) -> NgramLanguageModel:
    """Return a Kneser-Ney model of the training part.

    Args:
        corpus: The corpus.
        order: Tokens in the longest n-grams.
    """
    return train_ngram(corpus.train, corpus.tokenizer, config=NgramConfig(order=order))


def word_network(
    corpus: WordCorpus,
    config: NeuralModelConfig,
    *,
    num_epochs: float = 3.0,
    on_step: Report | None = None,
) -> NeuralLanguageModel:
    """Train a network on the training part, in float32.

    Args:
        corpus: The corpus.
        config: Settings of the network.
        num_epochs: Number of passes through the training part.
        on_step: Called with the number of updates done and of all.
    """
    model = config.build(NetworkSpec(vocabulary=corpus.tokenizer.vocabulary_spec))
    ids = corpus.train_ids
    fit(
        model,
        ids,
        num_steps=int(num_epochs * len(ids) / (_LANES * _BPTT)),
        bptt_steps=_BPTT,
        batch_size=_LANES,
        learning_rate=5e-3,
        on_step=on_step,
    )
    return model


def word_lstm(bench: Workbench) -> NeuralLanguageModel:
    """Return an LSTM of 128 units over the words of `word_corpus`; trained once in a run."""

    def make() -> NeuralLanguageModel:
        def on_step(done: int, total: int) -> None:
            bench.on_progress("training the word LSTM, steps", done, total=total)

        config = RecurrentConfig(hidden_size=128, embedding_size=64, tied=False)
        return word_network(word_corpus(bench), config, on_step=on_step)

    return bench.shared("word-lstm", make)
