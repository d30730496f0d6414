"""The model folder of a run: its weights, its settings, its cards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from fit_jobs import StateJob, prepared
from nextword.storage import RunFolder, load_model_folder
from nextword.training.keeper import ModelKeeper

Settings = Callable[..., dict[str, Any]]


@pytest.fixture
def ready(corpus_file: Path, tmp_path: Path, settings: Settings) -> StateJob:
    values = settings(training={"device": "cpu", "backend": "reference"})
    config = nw.run_config(str(corpus_file), recipe="lstm-small", settings=[values])
    return prepared(config, tmp_path / "run" / "tokens")


def keeper_of(ready: StateJob, run: RunFolder) -> ModelKeeper:
    return ModelKeeper(run, ready.state.model, config=ready.ready.config, tokenizer=ready.tokenizer)


def test_keeper_load_best_gives_the_weights_that_were_saved(
    ready: StateJob, tmp_path: Path
) -> None:
    keeper = keeper_of(ready, RunFolder(tmp_path / "run"))
    saved = {name: tensor.clone() for name, tensor in ready.state.model.tensors().items()}
    keeper.save()
    with torch.no_grad():
        for parameter in ready.state.model.parameters():
            parameter.add_(1.0)

    keeper.load_best(ready.state.model)

    assert all(torch.equal(saved[name], t) for name, t in ready.state.model.tensors().items())


def test_keeper_saves_settings_without_texts_device_and_backend(
    ready: StateJob, tmp_path: Path
) -> None:
    keeper_of(ready, RunFolder(tmp_path / "run")).save()

    config = load_model_folder(tmp_path / "run" / "model").config
    assert "text" not in config
    assert not {"device", "backend"} & config["training"].keys()
    assert config["training"]["bptt_steps"] == 7
    assert config["model"]["hidden_size"] == 12


def test_keeper_names_the_model_on_its_card_as_the_run(ready: StateJob, tmp_path: Path) -> None:
    keeper_of(ready, RunFolder(tmp_path / "run")).save()

    assert "\n# run\n" in (tmp_path / "run" / "model" / "README.md").read_text()
