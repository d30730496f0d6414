"""Validation of language models in parallel lanes."""

import logging
import math
from pathlib import Path

import pytest
import torch

from fit_jobs import training_state
from nextword.base import decode_layers
from nextword.training import LanguageModelingObjective, RunConfig

NUM_LANES, LINES_OF_LANE = 4, 150
OBJECTIVE = "nextword.training.language_modeling.objective"


def latching_objective(valid_lines: list[str], folder: Path) -> LanguageModelingObjective:
    """A network that prefers `a` until it reads `b`, and has 100 nats for each token after it."""
    for name, lines in (("train", ["a a b"] * 40), ("valid", valid_lines)):
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")
    names = {name: [str(folder / f"{name}.txt")] for name in ("train", "valid")}
    network = {"cell": "elman", "hidden_size": 1, "tied": False}
    values = {
        "text": names,
        "tokenizer": {"kind": "word"},
        "model": network,
        "training": {"batch_size": 2, "bptt_steps": 5, "precision": "float32"},
        "evaluation": {"batch_size": NUM_LANES},
    }
    objective = training_state(decode_layers(RunConfig, [values]), folder / "run").objective
    parameters = dict(objective.model.named_parameters())
    tokenizer = objective._tokenizer
    usual, latching = (int(tokenizer.encode(word).ids[0]) for word in "ab")
    with torch.no_grad():
        for parameter in parameters.values():
            parameter.zero_()
        parameters["output.bias"][usual] = 1.0
        parameters["embedding"][latching] = 1.0
        parameters["core.cells.0.weight_ih"].fill_(10.0)
        parameters["core.cells.0.weight_hh"].fill_(10.0)
        parameters["output.weight"][latching] = 100.0
    return objective


def test_validation_warns_of_a_lane_whose_state_has_diverged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = ["a a"] * (NUM_LANES * LINES_OF_LANE)
    lines[2 * LINES_OF_LANE] = "b a"
    objective = latching_objective(lines, tmp_path)
    with caplog.at_level(logging.WARNING, logger=OBJECTIVE):
        found = objective.validate()
    assert found is not None
    assert found.value > 20.0
    assert "in 4 lanes" in caplog.text
    assert "has diverged in 1 of them" in caplog.text


def test_validation_does_not_warn_of_lanes_that_are_alike(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    objective = latching_objective(["a a"] * (NUM_LANES * LINES_OF_LANE), tmp_path)
    with caplog.at_level(logging.WARNING, logger=OBJECTIVE):
        found = objective.validate()
    assert found is not None
    assert found.value <= math.log(objective.model.vocab_size)
    assert not caplog.records
