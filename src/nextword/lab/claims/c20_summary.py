"""C20: the last state of a network summarises the sentence."""

from collections import Counter

import numpy as np
import torch
from torch import Tensor

from nextword.families import NetworkSpec, RecurrentConfig
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.material import WordCorpus, word_corpus, word_lstm
from nextword.lab.tools import auc, draw_curves
from nextword.lab.workbench import Workbench
from nextword.models import NeuralLanguageModel

_NUM_WORDS, _SKIPPED_WORDS = 40, 40
_MIN_LENGTH, _MAX_LENGTH = 6, 20
_RIDGE = 10.0
_DISTANCES = ((1, 3), (4, 6), (7, 10), (11, 20))
_LIMIT, _UNTRAINED_LIMIT = 0.80, 0.65


def measure(bench: Workbench) -> Finding:
    """Probe the last state for the words of the sentence."""
    corpus, trained = word_corpus(bench), word_lstm(bench)
    config = RecurrentConfig(hidden_size=128, embedding_size=64, tied=False)
    untrained = config.build(NetworkSpec(vocabulary=corpus.tokenizer.vocabulary_spec)).eval()
    train, test = _sentences(corpus, "train"), _sentences(corpus, "held_out")
    words = _probed_words(train)
    scores = {
        name: _probe(model, train, test, words=words)
        for name, model in (("trained", trained), ("untrained", untrained))
    }
    overall = {name: float(np.mean([each[0] for each in found])) for name, found in scores.items()}
    by_distance = {
        name: [float(np.nanmean([each[1][place] for each in found])) for place in range(4)]
        for name, found in scores.items()
    }
    middles = [(low + high) / 2 for low, high in _DISTANCES]
    picture = draw_curves(
        {name: (middles, values) for name, values in by_distance.items()},
        bench.pictures / "c20.png",
        title="Can a linear probe of the last state name a word of the sentence?",
        labels=("distance of the word from the end", "AUC"),
        guides={"chance": 0.5},
    )
    good = overall["trained"] >= _LIMIT
    low = overall["untrained"] <= _UNTRAINED_LIMIT
    return Finding(
        verdict=_verdict(good, by_distance["trained"]),
        reason=f"A linear probe finds whether a word occurred with an AUC of "
        f"{overall['trained']:.2f} (untrained network {overall['untrained']:.2f}), from "
        f"{by_distance['trained'][0]:.2f} for the last three words down to "
        f"{by_distance['trained'][-1]:.2f} for words 11 to 20 before the end: the summary is "
        "mostly one of the end.",
        figures={
            "auc": overall,
            "auc_by_distance": by_distance,
            "distances": [list(each) for each in _DISTANCES],
            "num_words": len(words),
        },
        checks=(
            Check(text="AUC >= 0.80", passed=good),
            Check(text="untrained <= 0.65", passed=low),
        ),
        pictures=(picture,),
    )


def _verdict(good: bool, by_distance: list[float]) -> Verdict:
    if not good:
        return Verdict.FAILS
    return Verdict.HOLDS if by_distance[-1] >= _LIMIT else Verdict.PARTLY


def _sentences(corpus: WordCorpus, part: str) -> list[Tensor]:
    """Return the sentences of some length, without their ends."""
    store = corpus.train if part == "train" else corpus.held_out
    ids = np.asarray(store.ids).astype(np.int64)
    ends = np.flatnonzero(ids == corpus.tokenizer.vocabulary_spec.boundary_id)
    sentences = np.split(ids, ends + 1)
    return [
        torch.from_numpy(sentence[:-1])
        for sentence in sentences
        if _MIN_LENGTH <= len(sentence) - 1 <= _MAX_LENGTH
    ]


def _probed_words(sentences: list[Tensor]) -> list[int]:
    """Return frequent words, without the most frequent ones, which are in most sentences."""
    counts = Counter(word for sentence in sentences for word in set(sentence.tolist()))
    ranked = [word for word, _ in counts.most_common(_SKIPPED_WORDS + _NUM_WORDS)]
    return ranked[_SKIPPED_WORDS:]


@torch.no_grad()
def _last_states(model: NeuralLanguageModel, sentences: list[Tensor]) -> Tensor:
    lengths = torch.tensor([len(sentence) + 1 for sentence in sentences])
    rows = torch.full((len(sentences), int(lengths.max())), model.boundary_id)
    for row, sentence in zip(rows, sentences, strict=True):
        row[1 : len(sentence) + 1] = sentence
    hidden, _ = model.hidden(rows, model.initial_state(len(rows)), lengths)
    return hidden[torch.arange(len(rows)), lengths - 1].double()


def _probe(
    model: NeuralLanguageModel, train: list[Tensor], test: list[Tensor], *, words: list[int]
) -> list[tuple[float, list[float]]]:
    """Return for each word the AUC of a ridge probe, and that by the distance of the word."""
    states, test_states = _last_states(model, train), _last_states(model, test)
    mean, scale = states.mean(0), states.std(0) + 1e-6
    states, test_states = (states - mean) / scale, (test_states - mean) / scale
    gram = states.T @ states + _RIDGE * torch.eye(states.shape[1], dtype=torch.float64)
    lengths = torch.tensor([len(sentence) for sentence in test])
    found = []
    for word in words:
        labels = torch.tensor([float((sentence == word).any()) for sentence in train]).double()
        weights = torch.linalg.solve(gram, states.T @ (labels - labels.mean()))
        marks = torch.tensor([bool((sentence == word).any()) for sentence in test])
        distances = torch.tensor([_distance(sentence, word) for sentence in test])
        scores = test_states @ weights
        every = _matched_auc(scores, marks, lengths)
        parts = [
            _matched_auc(scores, marks & (distances >= low) & (distances <= high), lengths, marks)
            for low, high in _DISTANCES
        ]
        found.append((every, parts))
    return found


def _distance(sentence: Tensor, word: int) -> int:
    """Return the distance of the last occurrence of a word from the end; 0 without one."""
    places = (sentence == word).nonzero()
    return len(sentence) - int(places[-1]) if len(places) else 0


def _matched_auc(
    scores: Tensor, positive: Tensor, lengths: Tensor, other: Tensor | None = None
) -> float:
    """Return the AUC against sentences of the same length without the word, averaged by count."""
    negative = ~(positive if other is None else other)
    total, count = 0.0, 0
    for length in torch.unique(lengths[positive]).tolist():
        same = lengths == length
        chosen, rest = scores[same & positive], scores[same & negative]
        if len(rest):
            labels = torch.cat([torch.ones(len(chosen)), torch.zeros(len(rest))]).bool()
            total += auc(torch.cat([chosen, rest]), labels) * len(chosen)
            count += len(chosen)
    return total / count if count else float("nan")


CLAIM = Claim(
    id="C20",
    name="sentence-summary",
    statement="The last hidden state can be considered a summary of the whole sentence.",
    sources=(Source(lecture="lecture-001", place="The hidden state as a summary"),),
    method="An LSTM reads held-out sentences of 6 to 20 words. A linear probe of its last state, "
    "fitted on training sentences, tells whether each of 40 frequent words occurred, compared "
    "with sentences of the same length. The control is the same network with random weights.",
    expected="AUC at least 0.80; untrained at most 0.65; listed by the position of the word.",
    measure=measure,
)
