"""Taggers and classifiers in ONNX format, and the example that uses them."""

import importlib.util
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import nextword as nw
from labelling_models import CLASSIFIERS, TAGGERS, classifier, sentences, tagger, texts
from nextword.base import ConfigError, FormatError
from nextword.interop.onnx.tasks.inputs import task_inputs
from tagging import name_sentence, small_tagger

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

EXAMPLE = Path(__file__).resolve().parents[5] / "examples" / "label_with_onnxruntime.py"
#: Operators that run a graph for each step.
LOOPS = {"Loop", "Scan", "If"}


def example() -> Any:
    """The example as a module."""
    spec = importlib.util.spec_from_file_location("label_with_onnxruntime", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", TAGGERS)
def test_example_gives_the_labels_of_the_tagger(name: str, tmp_path: Path) -> None:
    model = tagger(name)

    written = nw.export(model, to="onnx", out=tmp_path / "out")

    assert written.details["max_difference"] < 1e-5
    labeller = example().Labeller(tmp_path / "out")
    seen = set()
    for words in sentences(name):
        found = labeller.tag(words)
        assert found == model.labels_of(words)
        seen |= {*found}
    assert len(seen) > 1
    assert labeller.tag([]) == []


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_example_gives_the_probabilities_of_the_classifier(name: str, tmp_path: Path) -> None:
    model = classifier(name)

    written = nw.export(model, to="onnx", out=tmp_path / "out")

    assert written.details["max_difference"] < 1e-5
    labeller = example().Labeller(tmp_path / "out")
    for text in [*texts(), "the film was great " * model.parts.max_length]:
        assert labeller.classify(text) == pytest.approx(model.classify(text), abs=1e-5)


@pytest.mark.parametrize("name", ["names", "character-lstm"])
def test_scores_do_not_depend_on_the_batch_or_its_padding(name: str, tmp_path: Path) -> None:
    model = tagger(name)
    nw.export(model, to="onnx", out=tmp_path / "out")
    session = onnxruntime.InferenceSession(tmp_path / "out" / "model.onnx")
    batch = [[], *sentences(name, 30), ["cat"] * 70]

    together = session.run(None, task_inputs(model, batch))[0]

    for words, row in zip(batch, together, strict=True):
        if words:
            own = session.run(None, task_inputs(model, [words]))[0][0]
            np.testing.assert_allclose(row[: len(words)], own, rtol=0, atol=1e-5)


def test_graph_has_dynamic_axes_and_no_loop(tmp_path: Path) -> None:
    for number, model in enumerate([tagger("character-lstm"), classifier("max-ngrams")]):
        nw.export(model, to="onnx", out=tmp_path / str(number))
        graph = onnx.load(tmp_path / str(number) / "model.onnx").graph
        operators = {node.op_type for node in graph.node}
        assert "LSTM" in operators
        assert not operators & LOOPS
        axes = [
            [axis.dim_param for axis in each.type.tensor_type.shape.dim] for each in graph.input
        ]
        assert axes[0] == ["batch", "time"]
        assert all(axis for each in axes for axis in each)


def test_int8_is_smaller_and_its_change_is_measured(tmp_path: Path) -> None:
    model = classifier("max-ngrams", scale=0.2)

    written = nw.export(model, to="onnx", out=tmp_path / "out", int8=True)

    assert 0.0 < written.details["rounded_difference"] < 0.5
    assert 0.0 <= written.details["changed_labels"] <= 0.2
    sizes = [(tmp_path / "out" / f"model{kind}.onnx").stat().st_size for kind in (".int8", "")]
    assert sizes[0] < sizes[1]
    labeller = example().Labeller(tmp_path / "out", "model.int8.onnx")
    for text in texts(10):
        assert labeller.classify(text) == pytest.approx(model.classify(text), abs=0.2)


@pytest.mark.slow
def test_example_runs_from_the_command_line(tmp_path: Path) -> None:
    model = tagger("names")
    nw.export(model, to="onnx", out=tmp_path / "tagger")
    nw.export(classifier(), to="onnx", out=tmp_path / "classifier")

    def run(folder: str, text: str) -> str:
        command = [sys.executable, str(EXAMPLE), str(tmp_path / folder)]
        return subprocess.run(
            command, input=text, capture_output=True, text=True, check=True
        ).stdout

    words = ["Ann", "sees", "Rome", "."]
    labels = model.labels_of(words)
    lines = [f"{word}\t{label}" for word, label in zip(words, labels, strict=True)]
    assert run("tagger", "Ann sees Rome .\n") == "\n".join(lines) + "\n\n"
    label, probability = next(iter(classifier().classify("a great film").items()))
    assert run("classifier", "a great film\n") == f"{label}\t{probability:.4f}\ta great film\n"


def test_settings_say_how_a_text_is_read(tmp_path: Path) -> None:
    nw.export(classifier("several-labels"), to="onnx", out=tmp_path / "out")

    settings = json.loads((tmp_path / "out" / "config.json").read_text())

    assert settings["task"] == "classification"
    assert settings["labels"] == ["neg", "pos"]
    assert settings["split"] == "punctuation"
    assert (settings["multi_label"], settings["threshold"]) == (True, 0.5)
    assert settings["ngrams"] == {"longest": 2, "longest_characters": 4, "table_size": 500}


@pytest.mark.parametrize("cell", ["lstm_projected", "min_gru"])
def test_cells_without_an_operator_are_refused(cell: str, tmp_path: Path) -> None:
    generator = random.Random(0)
    sizes = {"projection_size": 3} if cell == "lstm_projected" else {}
    model = small_tagger([name_sentence(generator) for _ in range(9)], cell=cell, **sizes)

    with pytest.raises(ConfigError, match="which has no operator"):
        nw.export(model, to="onnx", out=tmp_path / "out")

    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    model = tagger()
    with torch.no_grad():
        model.model.output.weight.fill_(torch.nan)

    with pytest.raises(FormatError, match="computed by onnxruntime differ by nan"):
        nw.export(model, to="onnx", out=tmp_path / "out")


def test_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="texts measure the perplexity of language models"):
        nw.export(tagger(), to="onnx", out=tmp_path / "out", texts="text.txt", int8=True)
