"""The folder of an exported tagger or classifier: `model.onnx`, its words and its settings."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nextword.base import FormatError, Values, write_json
from nextword.interop.exported_tasks import (
    exported_labels,
    ngram_sizes,
    random_sentences,
    split_of,
)
from nextword.interop.onnx.extra import import_onnx, import_onnxruntime
from nextword.interop.onnx.quantized import write_quantized
from nextword.interop.onnx.tasks.inputs import task_inputs
from nextword.interop.onnx.tasks.network import onnx_task_network
from nextword.tasks.classification import Classifier
from nextword.tasks.tagging import Tagger

#: Largest difference of the scores of labels from those of the model.
_LARGEST_DIFFERENCE = 1e-3
#: Numbers of words of the texts of each batch that is compared.
_BATCHES = ((1,), (5, 2), (17, 9, 1, 3, 4), (33,), (2,) * 9)
_METADATA = "nextword"
#: Score of what a CRF does not allow; JSON has no infinity.
_NOT_ALLOWED = -1e9


@dataclass(frozen=True, kw_only=True)
class RoundedLabels:
    """The change by 8-bit weights, on texts of random words.

    Attributes:
        changed_labels: Share of the labels that change, from 0 to 1: of words, before a CRF, or of
            texts.
        max_difference: Largest change of the score of a label.
    """

    changed_labels: float
    max_difference: float


@dataclass(frozen=True, kw_only=True)
class OnnxTaskExport:
    """What was written.

    Attributes:
        max_difference: Largest difference of the scores of labels from those of the model, on
            batches of texts of random words of several sizes.
        rounded: The change by 8-bit weights; None without `int8`.
    """

    max_difference: float
    rounded: RoundedLabels | None


def write_onnx_task_folder(
    model: Tagger | Classifier, *, folder: Path, int8: bool = False
) -> OnnxTaskExport:
    """Write a tagger or classifier as `model.onnx`, with its words and settings.

    Args:
        model: The model.
        folder: An empty folder.
        int8: Whether to write `model.int8.onnx` too.

    Raises:
        ConfigError: The file cannot hold this model; the message says why.
        FormatError: onnxruntime computes other numbers; the model has weights that are not finite.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    described = _described(model)
    path = folder / "model.onnx"
    import_onnx().save(
        onnx_task_network(model, metadata={_METADATA: json.dumps({"task": model.task})}), path
    )
    expected = [_scores(model, texts) for texts in _batches(model)]
    found = [_run(path, model, texts) for texts in _batches(model)]
    difference = _largest(found, expected)
    if not difference <= _LARGEST_DIFFERENCE:
        raise FormatError(
            f"scores of labels computed by onnxruntime differ by {difference:.2g} from those of "
            "the model.",
            help="Its weights may not be finite; evaluate the model with nextword.",
        )
    write_json(folder / "config.json", described)
    vocabulary = model.parts.encoder.vocabulary
    write_json(
        folder / "words.json",
        {"words": list(vocabulary.words), "characters": list(vocabulary.characters)},
    )
    rounded = None
    if int8:
        write_quantized(path, folder / "model.int8.onnx")
        rounded = _rounded(folder / "model.int8.onnx", model, found)
    return OnnxTaskExport(max_difference=difference, rounded=rounded)


def _described(model: Tagger | Classifier) -> Values:
    vocabulary = model.parts.encoder.vocabulary
    values: Values = {
        "task": model.task,
        "split": split_of(model),
        "lowercase": vocabulary.lowercase,
        "normalize_digits": vocabulary.normalize_digits,
        "reads_characters": model.parts.encoder.config.characters != "none",
    }
    if isinstance(model, Classifier):
        return values | {
            "labels": list(model.labels),
            "max_words": model.parts.max_length,
            "multi_label": model.parts.config.multi_label,
            "threshold": model.parts.config.threshold,
            "ngrams": ngram_sizes(model),
        }
    labels = exported_labels(model.parts)
    values["labels"] = list(labels.labels)
    if model.model.crf is not None:
        values["crf"] = _crf(model, labels.settings)
    return values


def _crf(tagger: Tagger, settings: Values) -> Values:
    """Return the scores of a CRF, and the label of each tag after each tag."""
    crf: Any = tagger.model.crf
    number = settings["num_tags"]
    pairs = np.array(settings.get("pair_labels", [list(range(number))] * (number + 1)))
    ends = np.array(settings.get("end_tags", [1] * number)) > 0
    scores = {name: getattr(crf, name).detach().cpu().numpy() for name in ("starts", "ends")}
    transitions = crf.transitions.detach().cpu().numpy()
    return {
        "starts": np.where(pairs[-1] >= 0, scores["starts"], _NOT_ALLOWED).tolist(),
        "transitions": np.where(pairs[:-1] >= 0, transitions, _NOT_ALLOWED).tolist(),
        "ends": np.where(ends, scores["ends"], _NOT_ALLOWED).tolist(),
        "labels": pairs.tolist(),
    }


def _batches(model: Tagger | Classifier) -> list[list[list[str]]]:
    words = model.parts.encoder.vocabulary.words
    return [random_sentences(words, lengths=each, seed=i) for i, each in enumerate(_BATCHES)]


@torch.no_grad()
def _scores(model: Tagger | Classifier, texts: Sequence[Sequence[str]]) -> Tensor:
    """Return the scores of labels as the model computes them, (words or texts, labels)."""
    device = next(model.model.parameters()).device
    if isinstance(model, Classifier):
        found: Tensor = model.model(model.parts.reader().batch(texts).to(device))
        return found.cpu()
    batch = model.parts.encoder.batcher().batch(texts).to(device)
    emissions: Tensor = model.model(batch)
    return emissions[batch.mask()].cpu()


def _run(path: Path, model: Tagger | Classifier, texts: Sequence[Sequence[str]]) -> Tensor:
    """Return the scores of labels as onnxruntime computes them, (words or texts, labels)."""
    runtime = import_onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    found = torch.from_numpy(session.run(["logits"], task_inputs(model, texts))[0])
    if isinstance(model, Classifier):
        return found
    return torch.cat([row[: len(text)] for row, text in zip(found, texts, strict=True)])


def _rounded(path: Path, model: Tagger | Classifier, expected: Sequence[Tensor]) -> RoundedLabels:
    found = [_run(path, model, texts) for texts in _batches(model)]
    pairs = list(zip(found, expected, strict=True))
    num_changed = sum(int((ours.argmax(1) != own.argmax(1)).sum()) for ours, own in pairs)
    return RoundedLabels(
        changed_labels=num_changed / sum(len(own) for own in expected),
        max_difference=_largest(found, expected),
    )


def _largest(found: Sequence[Tensor], expected: Sequence[Tensor]) -> float:
    pairs = zip(found, expected, strict=True)
    # `max` of Python would drop a NaN.
    return float(torch.stack([(ours - own).abs().max() for ours, own in pairs]).max())
