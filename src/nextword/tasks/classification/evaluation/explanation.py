"""Which words a prediction depends on: attention weights, or contributions to the score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from nextword.tasks.classification.classifier import Classifier, TextLike
from nextword.tasks.classification.network import NgramBatch, TextBatch


@dataclass(frozen=True, kw_only=True)
class WordValues:
    """A value for each word of a text.

    Attributes:
        words: The words.
        values: The value of each word.
        label: The label that is explained.
        kind: `attention`: the weight of the word in the pooled vector, which is at least 0.
            `contribution`: how much the word adds to the score of the label, compared with the mean
            score of all labels; negative for words that speak against it.
    """

    words: tuple[str, ...]
    values: tuple[float, ...]
    label: str
    kind: Literal["attention", "contribution"]


def explain(classifier: Classifier, text: TextLike, *, label: str | None = None) -> WordValues:
    """Return the value of each word for the prediction of a label.

    With attention pooling the values are the attention weights. Otherwise they are the gradient of
    the score times the input of the encoder, plus the difference that the n-grams with this word
    make.

    Args:
        classifier: The classifier.
        text: The text, or its words.
        label: The label; the most probable one when None.

    Raises:
        KeyError: The label is unknown.

    Source: gradient times input [li2016].
    """
    if label is None:
        label = next(iter(classifier.classify(text)))
    number = classifier.labels.index(label) if label in classifier.labels else None
    if number is None:
        raise KeyError(label)
    words = classifier.reader.words(text)
    is_attention = classifier.parts.config.pooling == "attention"
    values = np.zeros(0)
    if words:
        find = _attention if is_attention else _contributions
        values = find(classifier, words, number)
    return WordValues(
        words=tuple(words),
        values=tuple(values.tolist()),
        label=label,
        kind="attention" if is_attention else "contribution",
    )


@torch.no_grad()
def _attention(
    classifier: Classifier, words: Sequence[str], label: int
) -> Float[np.ndarray, " time"]:
    model, batch = classifier.model, _batch(classifier, words)
    outputs = model.encoder(batch.tokens)
    weights: np.ndarray = model.pooling.weights(outputs, batch.tokens.lengths)[0].cpu().numpy()
    return weights


def _contributions(
    classifier: Classifier, words: Sequence[str], label: int
) -> Float[np.ndarray, " time"]:
    """Return gradient x input of the encoder, plus what the n-grams of each word add."""
    model, batch = classifier.model, _batch(classifier, words)
    with torch.enable_grad():
        inputs = model.encoder.embed(batch.tokens).detach().requires_grad_(True)
        logits = model.score(model.encoder.encode(inputs, batch.tokens.lengths), batch)
        (gradient,) = torch.autograd.grad(_margin(logits, label), inputs)
    values: np.ndarray = (gradient * inputs.detach()).sum(2)[0].cpu().numpy()
    values += _ngram_contributions(classifier, words, label)
    return values


@torch.no_grad()
def _ngram_contributions(
    classifier: Classifier, words: Sequence[str], label: int
) -> Float[np.ndarray, " time"]:
    """Return by how much the n-gram features lower the score if a word is removed."""
    hasher, features = classifier.reader.hasher, classifier.model.ngrams
    if hasher is None or features is None:
        return np.zeros(len(words))
    # No n-gram spans the gap at the removed word.
    without = [
        np.union1d(hasher.slots(words[:place]), hasher.slots(words[place + 1 :]))
        for place in range(len(words))
    ]
    texts = [hasher.slots(words), *without]
    scores = features(NgramBatch.of(texts).to(features.weight.device))
    margins = scores[:, label] - scores.mean(1)
    differences: np.ndarray = (margins[0] - margins[1:]).cpu().numpy()
    return differences


def _margin(logits: Float[Tensor, "1 labels"], label: int) -> Tensor:
    """Return the score of a label minus the mean score of all labels."""
    return logits[0, label] - logits[0].mean()


def _batch(classifier: Classifier, words: Sequence[str]) -> TextBatch:
    device = next(classifier.model.parameters()).device
    return classifier.reader.batch([words]).to(device)
