"""Measure the prediction speed of taggers and classifiers beside spaCy's, in turns in one process.

spaCy's pipelines have its default layers (a convolutional network over hashed word features) and
random weights: the time of a prediction does not depend on the weights. Loading and reading are not
timed. One turn labels the whole file with each tool; the ratio is the median over the turns. spaCy
is not a dependency: install it with `pip install spacy`, or only nextword is measured.

    python benchmarks/task_speed.py --tagger runs/ewt --sentences test.conllu
    python benchmarks/task_speed.py --classifier runs/reviews --texts test.tsv
"""

import argparse
import importlib.util
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from nextword.tasks.classification import ColumnsConfig, load_classifier, read_rows
from nextword.tasks.tagging import load_tagger
from nextword.tasks.tagging.files import open_tagged_files
from nextword.tensors import tune_process

#: Number of items that spaCy's pipelines see before the measurement, to learn the labels.
NUM_EXAMPLES = 200

#: The layers of spaCy's tagger, with its convolutional text classifier on them.
_TEXT_CLASSIFIER = {
    "@architectures": "spacy.TextCatCNN.v2",
    "exclusive_classes": True,
    "tok2vec": {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 96,
        "depth": 4,
        "embed_size": 2000,
        "window_size": 1,
        "maxout_pieces": 3,
        "subword_features": True,
    },
}


def measure(steps: dict[str, Callable[[], int]], *, num_turns: int) -> dict[str, list[float]]:
    """Run every step once to warm up, then in turns, and return items per second of each turn."""
    for step in steps.values():
        step()
    rates: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(num_turns):
        names = list(steps) if turn % 2 == 0 else list(steps)[::-1]
        for name in names:
            started = time.perf_counter()
            num_items = steps[name]()
            rates[name].append(num_items / (time.perf_counter() - started))
    return rates


def tagger_steps(model: Path, files: Sequence[str]) -> dict[str, Callable[[], int]]:
    """Return the steps that tag the sentences of files, by name; they return numbers of words."""
    tagger = load_tagger(model)
    sentences = [
        (each.words, each.labels or ())
        for file in open_tagged_files(files)
        for each in file.sentences(needs_labels=True)
    ]

    def ours() -> int:
        tagged = tagger.tag_sentences([words for words, _ in sentences])
        return sum(len(words) for words in tagged)

    steps: dict[str, Callable[[], int]] = {"nextword": ours}
    if importlib.util.find_spec("spacy"):
        pipeline = _spacy_tagger(sentences[:NUM_EXAMPLES])
        steps["spacy"] = lambda: sum(
            len(doc) for doc in pipeline.pipe(_documents(pipeline, sentences), batch_size=256)
        )
    return steps


def classifier_steps(model: Path, files: Sequence[str]) -> dict[str, Callable[[], int]]:
    """Return the steps that classify the texts of files, by name; they return numbers of texts."""
    classifier = load_classifier(model)
    rows = list(read_rows(files, ColumnsConfig()))
    texts = [row.text for row in rows]
    steps: dict[str, Callable[[], int]] = {
        "nextword": lambda: sum(1 for _ in classifier.classify_texts(texts))
    }
    if importlib.util.find_spec("spacy"):
        pipeline = _spacy_classifier([(row.text, row.labels[0]) for row in rows[:NUM_EXAMPLES]])
        steps["spacy"] = lambda: sum(1 for _ in pipeline.pipe(texts, batch_size=256))
    return steps


def _documents(pipeline: Any, sentences: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list:
    from spacy.tokens import Doc

    return [Doc(pipeline.vocab, words=list(words)) for words, _ in sentences]


def _spacy_tagger(sentences: Sequence[tuple[Sequence[str], Sequence[str]]]) -> Any:
    import spacy
    from spacy.training import Example

    pipeline = spacy.blank("xx")
    pipeline.add_pipe("tagger")
    documents = _documents(pipeline, sentences)
    pipeline.initialize(
        lambda: [
            Example.from_dict(document, {"tags": list(labels)})
            for document, (_, labels) in zip(documents, sentences, strict=True)
        ]
    )
    return pipeline


def _spacy_classifier(rows: Sequence[tuple[str, str]]) -> Any:
    import spacy
    from spacy.training import Example

    pipeline = spacy.blank("xx")
    pipeline.add_pipe("textcat", config={"model": _TEXT_CLASSIFIER})
    labels = sorted({label for _, label in rows})
    pipeline.initialize(
        lambda: [
            Example.from_dict(
                pipeline.make_doc(text), {"cats": {each: each == label for each in labels}}
            )
            for text, label in rows
        ]
    )
    return pipeline


def main() -> None:
    """Read the arguments, measure, and print the rates and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tagger", type=Path, metavar="RUN")
    parser.add_argument("--sentences", nargs="+", default=[], metavar="FILE")
    parser.add_argument("--classifier", type=Path, metavar="RUN")
    parser.add_argument("--texts", nargs="+", default=[], metavar="FILE")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    tune_process()
    found = []
    if arguments.tagger:
        steps = tagger_steps(arguments.tagger, arguments.sentences)
        found.append(("words", measure(steps, num_turns=arguments.turns)))
    if arguments.classifier:
        steps = classifier_steps(arguments.classifier, arguments.texts)
        found.append(("texts", measure(steps, num_turns=arguments.turns)))
    if arguments.json:
        print(json.dumps([{"unit": unit, "per_second": rates} for unit, rates in found]))
        return
    for unit, rates in found:
        for name, each in rates.items():
            print(f"{name:10}{statistics.median(each):12,.0f} {unit}/s, {max(each):,.0f} at best")
        if "spacy" in rates:
            pairs = zip(rates["nextword"], rates["spacy"], strict=True)
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            print(f"{'ratio':10}{ratio:12.2f}, median of {arguments.turns} turns")
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")


if __name__ == "__main__":
    main()
