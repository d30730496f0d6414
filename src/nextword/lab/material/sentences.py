"""Encoders of sentences, trained to name the words of a sentence from their last state."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.families import NetworkSpec, RecurrentConfig
from nextword.lab.material.words import WordCorpus
from nextword.lab.tools import Report
from nextword.models import NeuralLanguageModel

#: The ids of the words of one sentence, without its end.
Sentence = Int64[Tensor, " _"]

#: Number of words of a sentence.
MIN_WORDS, MAX_WORDS = 6, 20
_NUM_UPDATES, _BATCH_SIZE, _LEARNING_RATE = 3_000, 64, 2e-3
#: Share of words that are replaced by random ones in training.
_REPLACED = 0.2


def sentences_of(corpus: WordCorpus, *, is_held_out: bool) -> list[Sentence]:
    """Return the sentences of 6 to 20 words, in the order of the text.

    Args:
        corpus: The corpus.
        is_held_out: Whether they are those of the held-out part.
    """
    ids = (corpus.held_out_ids if is_held_out else corpus.train_ids).numpy()
    ends = np.flatnonzero(ids == corpus.tokenizer.vocabulary_spec.boundary_id)
    return [
        torch.from_numpy(sentence[:-1])
        for sentence in np.split(ids, ends + 1)
        if MIN_WORDS <= len(sentence) - 1 <= MAX_WORDS
    ]


def new_encoder(corpus: WordCorpus) -> NeuralLanguageModel:
    """Return an LSTM with the sizes of `word_lstm` and random weights.

    Args:
        corpus: The corpus.
    """
    config = RecurrentConfig(hidden_size=128, embedding_size=64, tied=False)
    return config.build(NetworkSpec(vocabulary=corpus.tokenizer.vocabulary_spec)).eval()


def train_encoder(
    encoder: NeuralLanguageModel,
    sentences: Sequence[Sentence],
    *,
    num_updates: int = _NUM_UPDATES,
    learning_rate: float = _LEARNING_RATE,
    on_step: Report | None = None,
) -> list[float]:
    """Train an encoder together with a decoder that sees nothing but the last state.

    The decoder is a linear map to one distribution over the vocabulary, which has to predict every
    word of the sentence, in any order. A fifth of the words is replaced by words from other places,
    so that words cannot be guessed from the rest of the sentence alone.

    Args:
        encoder: The encoder, trained in place.
        sentences: The sentences.
        num_updates: Number of updates with 64 sentences each.
        learning_rate: Peak learning rate; it falls linearly to 0.
        on_step: Called with the number of updates done and of all.

    Returns:
        The loss of each update, in nats per word.
    """
    losses = list[float]()
    words, vocab_size = torch.cat(list(sentences)), encoder.vocab_size
    decoder = nn.Linear(last_states(encoder, sentences[:1]).shape[1], vocab_size)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=learning_rate)
    encoder.train()
    for step in range(num_updates):
        optimizer.param_groups[0]["lr"] = learning_rate * (1 - step / num_updates)
        chosen = torch.randint(len(sentences), (_BATCH_SIZE,)).tolist()
        batch = [_corrupted(sentences[number], words) for number in chosen]
        log_probs = decoder(_encoded(encoder, batch)).log_softmax(dim=1)
        counts = torch.stack([sentence.bincount(minlength=vocab_size) for sentence in batch])
        loss = -(log_probs * counts).sum() / counts.sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
        if on_step is not None:
            on_step(step + 1, num_updates)
    encoder.eval()
    return losses


@torch.no_grad()
def last_states(
    encoder: NeuralLanguageModel, sentences: Sequence[Sentence]
) -> Float[Tensor, "sentences hidden_size"]:
    """Return the hidden state after the last word of each sentence, (sentences, hidden_size).

    Args:
        encoder: The network.
        sentences: The sentences.
    """
    parts = [
        _encoded(encoder, sentences[start : start + 1_000])
        for start in range(0, len(sentences), 1_000)
    ]
    return torch.cat(parts)


def _encoded(encoder: NeuralLanguageModel, sentences: Sequence[Sentence]) -> Tensor:
    lengths = torch.tensor([len(sentence) + 1 for sentence in sentences])
    rows = torch.full((len(sentences), int(lengths.max())), encoder.boundary_id)
    for row, sentence in zip(rows, sentences, strict=True):
        row[1 : len(sentence) + 1] = sentence
    hidden, _ = encoder.hidden(rows, encoder.initial_state(len(rows)), lengths=lengths)
    return hidden[torch.arange(len(rows)), lengths - 1]


def _corrupted(sentence: Sentence, words: Int64[Tensor, " num_words"]) -> Sentence:
    others = words[torch.randint(len(words), (len(sentence),))]
    return torch.where(torch.rand(len(sentence)) < _REPLACED, others, sentence)
