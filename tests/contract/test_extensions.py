"""A cell, an output and a family from outside, as the pages on adding one write them.

The first block of each page is all there is of each: nextword is not changed for it.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import model_checks as checks
import nextword as nw
from document_blocks import runnable_blocks
from fakes import random_text
from families import Case
from model_checks import Check
from nextword.base import FormatError, write_toml
from nextword.evaluation.audit import audit_model, choose_passage
from nextword.storage import load_latest_checkpoint
from nextword.training import RunResult
from registries import registries_restored
from stopping import StopAt

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
#: What is said where a part is not registered.
UNKNOWN = {
    "cell": "cell is 'leaky', which is unknown",
    "output": "kind is 'tempered', which is unknown",
    "family": "family 'bag_of_words', which is unknown",
}
SETTINGS: dict[str, dict[str, Any]] = {
    "cell": {
        "model": {
            "cell": "leaky",
            "num_layers": 2,
            "hidden_size": 6,
            "residual": True,
            "recurrent_initialization": "orthogonal",
            "learnt_initial_state": True,
        },
        "regularization": {"recurrent_dropout": 0.1, "weight_dropout": 0.1, "zoneout_hidden": 0.1},
    },
    "output": {"model": {"hidden_size": 6, "tied": False}, "output": {"kind": "tempered"}},
    "family": {
        "model": {"family": "bag_of_words", "embedding_size": 6},
        "regularization": {"input_dropout": 0.1, "output_dropout": 0.1},
    },
}


def definition(kind: str) -> str:
    """Give the code that a page registers its part with."""
    [page] = HOW_TO.glob(f"add-a*-{kind}.md")
    return next(runnable_blocks(page.read_text(encoding="utf-8"))).source


@pytest.fixture(params=SETTINGS)
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which part is registered while the test runs."""
    with registries_restored():
        exec(definition(request.param), {"__name__": "outside"})
        yield request.param


@pytest.fixture
def recipe(kind: str, tmp_path: Path) -> Path:
    """A recipe of its own for the part."""
    training = {"epochs": 2, "batch_size": 4, "bptt_steps": 8, "device": "cpu"}
    values = {**SETTINGS[kind], "training": {**training, "precision": "float32"}}
    file = tmp_path / "recipe.toml"
    file.write_text(write_toml(values))
    return file


def train(recipe: Path, out: str, **options: Any) -> RunResult:
    text = recipe.with_name("text.txt")
    text.write_text(random_text(120, num_words=5))
    return nw.train(str(text), out=recipe.with_name(out), recipe=str(recipe), **options)


def final_tensors(run: Path) -> dict[str, torch.Tensor]:
    checkpoint = load_latest_checkpoint(run / "checkpoints")
    assert checkpoint is not None
    return {n: t for n, t in checkpoint.tensors.items() if n != "random.python"}


def case_of(recipe: Path) -> Case:
    config = nw.run_config(recipe=str(recipe))
    return Case(
        config.model,  # type: ignore[arg-type]  # a family of which the tests know nothing
        output=config.output,
        regularization=config.regularization,
    )


def test_extension_is_trained_saved_loaded_measured_and_generated_from(recipe: Path) -> None:
    result = train(recipe, "run")

    model = nw.load(result.run)
    assert result.test is not None
    assert model.evaluate(str(recipe.with_name("text.txt"))).perplexity < 12
    assert len(model.generate("w1", max_tokens=5).split()) <= 5
    assert len(model.next_words("w1 w2", k=3)) == 3
    assert model.score(["w1 w2"])[0].log_prob < 0
    assert model.audit().passed


def test_extension_stopped_and_resumed_equals_uninterrupted_to_the_bit(recipe: Path) -> None:
    train(recipe, "whole")
    with pytest.raises(KeyboardInterrupt):
        train(recipe, "stopped", callbacks=lambda run: [StopAt(4)])
    train(recipe, "stopped", resume="auto")

    whole, stopped = (final_tensors(recipe.with_name(name)) for name in ("whole", "stopped"))
    assert whole.keys() == stopped.keys()
    assert all(torch.equal(whole[name], stopped[name]) for name in whole)


def test_extension_is_planned(recipe: Path) -> None:
    config = nw.run_config(str(recipe.with_name("text.txt")), recipe=str(recipe))
    recipe.with_name("text.txt").write_text(random_text(120, num_words=5))

    assert nw.plan(config).num_parameters > 0


def test_extension_audit_in_float64_is_green(recipe: Path, tmp_path: Path) -> None:
    case = case_of(recipe)
    model = case.build(0)

    report = audit_model(
        model,
        passage=choose_passage(model, texts=case.texts),
        reload=lambda: case.reload(model, tmp_path / "model"),
        texts=case.texts,
        tokenizer=case.tokenizer,
    )

    figures = {check.name: check.figure for check in report.checks}
    assert figures.pop("sums_to_one") <= 1e-6
    assert max(figures.values()) <= 1e-9


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_extension_keeps_the_rest_of_the_contract(recipe: Path, check: Check) -> None:
    check(case_of(recipe).build)


@pytest.mark.parametrize("kind", SETTINGS)
def test_extension_not_registered_is_refused_when_loaded(kind: str, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(write_toml({**SETTINGS[kind], "training": {"epochs": 1, "batch_size": 4}}))
    with registries_restored():
        exec(definition(kind), {"__name__": "outside"})
        result = train(recipe, "run")

    with pytest.raises(FormatError, match=UNKNOWN[kind]) as caught:
        nw.load(result.run)

    assert caught.value.help.endswith(f"Register your own with nextword.register_{kind}.")


@pytest.mark.slow
def test_cell_of_a_program_is_known_to_its_command_line(tmp_path: Path) -> None:
    page = (HOW_TO / "add-a-cell.md").read_text(encoding="utf-8")
    last_lines = page.partition("and append:\n")[2].split("```")[1].removeprefix("python")
    (tmp_path / "leaky.py").write_text(definition("cell") + last_lines)
    (tmp_path / "text.txt").write_text(random_text(60, num_words=5))

    def call(*arguments: str) -> str:
        command = [sys.executable, "leaky.py", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout

    settings = ("model.cell=leaky", "model.hidden_size=6", "training.epochs=1")
    options = [part for setting in settings for part in ("--set", setting)]
    call("train", "text.txt", "--out", "run", "--recipe", "elman", *options)

    assert "leaky" in call("info", "run")
