"""The model folder of a run: its weights, its settings, its cards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from nextword.api import FAMILIES
from nextword.storage import RunFolder, load_model_folder
from nextword.training.keeper import ModelKeeper
from nextword.training.preparation import Preparation, prepare

Settings = Callable[..., dict[str, Any]]


@pytest.fixture
def ready(corpus_file: Path, tmp_path: Path, settings: Settings) -> Preparation:
    values = settings(training={"device": "cpu", "backend": "reference"})
    config = nw.run_config(str(corpus_file), recipe="lstm-small", settings=[values])
    return prepare(config, tmp_path / "run" / "tokens", families=FAMILIES)


def keeper_of(ready: Preparation, run: RunFolder) -> ModelKeeper:
    return ModelKeeper(run, ready.model, ready.config, ready.data.tokenizer)


def test_keeper_load_best_gives_the_weights_that_were_saved(
    ready: Preparation, tmp_path: Path
) -> None:
    keeper = keeper_of(ready, RunFolder(tmp_path / "run"))
    saved = {name: tensor.clone() for name, tensor in ready.model.tensors().items()}
    keeper.save()
    with torch.no_grad():
        for parameter in ready.model.parameters():
            parameter.add_(1.0)

    keeper.load_best(ready.model)

    assert all(torch.equal(saved[name], t) for name, t in ready.model.tensors().items())


def test_keeper_saves_settings_without_texts_device_and_backend(
    ready: Preparation, tmp_path: Path
) -> None:
    keeper_of(ready, RunFolder(tmp_path / "run")).save()

    config = load_model_folder(tmp_path / "run" / "model").config
    assert "text" not in config
    assert not {"device", "backend"} & config["training"].keys()
    assert config["training"]["bptt_steps"] == 7
    assert config["model"]["hidden_size"] == 12


def test_keeper_names_the_model_on_its_card_as_the_run(ready: Preparation, tmp_path: Path) -> None:
    keeper_of(ready, RunFolder(tmp_path / "run")).save()

    assert "\n# run\n" in (tmp_path / "run" / "model" / "README.md").read_text()
