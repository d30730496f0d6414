"""Small taggers and classifiers with large random weights, to be exported to other programs."""

import random
from collections.abc import Callable
from typing import Any

import torch

from classifiers import made_rows, new_classifier
from nextword.tasks.classification import Classifier
from nextword.tasks.tagging import Tagger
from tagging import name_sentence, pos_sentence, small_tagger

#: Words that the models do not know, with digits, capitals and signs of other alphabets.
STRANGE = ("Zug", "ANN", "Bob2", "1984", "été", "x" * 50, "don't", "\u0130stanbul", "ΟΔΟΣ")

#: By name: the sentences, and the settings of the encoder.
TAGGERS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "names": (name_sentence, {}),
    "parts-of-speech": (pos_sentence, {"lowercase": True}),
    "softmax": (pos_sentence, {"decoder": "softmax", "num_layers": 2}),
    "characters-alone": (name_sentence, {"word_embedding_size": 0, "cell": "gru"}),
    "character-lstm": (name_sentence, {"characters": "bilstm", "cell": "cifg"}),
    "words-alone": (pos_sentence, {"characters": "none", "cell": "elman", "bidirectional": False}),
}
NGRAMS = {"words": 2, "characters": 4, "table_size": 500}
#: By name: sections of the settings.
CLASSIFIERS: dict[str, dict[str, Any]] = {
    "max-ngrams": {"ngrams": NGRAMS},
    "last": {"classification": {"pooling": "last"}, "encoder": {"num_layers": 2}},
    "mean-blanks": {"classification": {"pooling": "mean", "words": "blanks"}},
    "attention-characters": {"classification": {"pooling": "attention", "words": "characters"}},
    "several-labels": {"classification": {"multi_label": True}, "ngrams": NGRAMS},
    "forward": {
        "classification": {"pooling": "last"},
        "encoder": {"bidirectional": False, "characters": "cnn", "cell": "gru"},
    },
}


def tagger(name: str = "names", *, scale: float = 0.6) -> Tagger:
    """A tagger with large weights, so that its labels differ between words."""
    make, encoder = TAGGERS[name]
    generator = random.Random(0)
    return _random(small_tagger([make(generator) for _ in range(40)], **encoder), scale=scale)


def classifier(name: str = "max-ngrams", *, scale: float = 0.6) -> Classifier:
    """A classifier with large weights."""
    return _random(new_classifier(made_rows(30), **CLASSIFIERS[name]), scale=scale)


def sentences(name: str, number: int = 60) -> list[list[str]]:
    """Sentences of a tagger with strange words in them; the first ones are short."""
    make, _ = TAGGERS[name]
    generator = random.Random(1)
    found = [["Ann"], ["Zug"]]
    for _ in range(number):
        words = [word for word, _ in make(generator)] + generator.choices(STRANGE, k=2)
        generator.shuffle(words)
        found.append(words)
    return found


def texts(number: int = 40) -> list[str]:
    """Texts of a classifier with strange words, signs and blanks; one has no words."""
    generator = random.Random(2)
    found = ["", " \t ", "the film was great!", "(isn't it?)  dull\u3000plot, \u00bd-way U.S. x_y"]
    for row in made_rows(number, seed=3):
        words = [*row.text.split(), *generator.choices(STRANGE, k=2)]
        generator.shuffle(words)
        found.append(" ".join(words))
    return found


def _random(model: Any, *, scale: float) -> Any:
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.model.parameters():
            parameter.normal_(std=scale, generator=generator)
    return model
