"""Whole trainings with every output layer: saved, loaded, resumed, planned."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from fit_jobs import training_state
from nextword.base import ConfigError, MismatchError
from nextword.storage import load_latest_checkpoint, load_model_folder
from nextword.training import RunConfig, plan_training
from stopping import StopAt

Settings = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("no_pictures")

OUTPUTS: dict[str, dict[str, Any]] = {
    "full": {"kind": "full"},
    "chunked": {"kind": "chunked"},
    "adaptive": {"kind": "adaptive", "cutoffs": [6, 10]},
    "sampled": {"kind": "sampled", "num_samples": 8},
}
SGD = {"kind": "sgd", "learning_rate": 0.5}
ADAMW = {"kind": "adamw", "learning_rate": 0.01}
PAIRS = ["tied-sgd", "untied-sgd", "untied-adamw"]


def train(text: Path, out: Path, values: dict[str, Any], **options: Any) -> Any:
    return nw.train(str(text), out=out, recipe="lstm-small", settings=values, **options)


def final_tensors(run: Path) -> dict[str, torch.Tensor]:
    checkpoint = load_latest_checkpoint(run / "checkpoints")
    assert checkpoint is not None
    return {n: t for n, t in checkpoint.tensors.items() if n != "random.python"}


def config_of(text: Path, values: dict[str, Any]) -> RunConfig:
    return nw.run_config(str(text), recipe="lstm-small", settings=[values])


@pytest.mark.parametrize(
    ("tied", "optimizer"), [(True, SGD), (False, SGD), (False, ADAMW)], ids=PAIRS
)
@pytest.mark.parametrize("kind", ["chunked", "adaptive", "sampled"])
def test_training_stopped_and_resumed_equals_uninterrupted_to_the_bit(
    kind: str,
    tied: bool,
    optimizer: dict[str, Any],
    corpus_file: Path,
    tmp_path: Path,
    settings: Settings,
) -> None:
    values = settings(
        model={"num_layers": 1, "hidden_size": 20, "tied": tied},
        output=OUTPUTS[kind],
        optimizer=optimizer,
        training={"max_steps": 16, "log_every": 1},
    )
    train(corpus_file, tmp_path / "whole", values)

    with pytest.raises(KeyboardInterrupt):
        train(corpus_file, tmp_path / "parts", values, callbacks=lambda _: [StopAt(7)])
    train(corpus_file, tmp_path / "parts", values, resume="auto")

    whole, parts = final_tensors(tmp_path / "whole"), final_tensors(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    assert [name for name in whole if not torch.equal(whole[name], parts[name])] == []


@pytest.mark.parametrize("kind", OUTPUTS)
def test_trained_model_learns_loads_and_measures_the_same(
    kind: str, corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(
        model={"hidden_size": 20, "num_layers": 1},
        output=OUTPUTS[kind],
        training={"epochs": 6},
        optimizer={"learning_rate": 0.02},
    )

    result = train(corpus_file, tmp_path / "run", values)

    loaded = nw.load(tmp_path / "run")
    assert loaded.config["output"]["kind"] == kind
    assert result.validation.perplexity < 6.0  # a uniform guess among the words costs 23
    card = loaded.evaluate(str(corpus_file))
    assert card.perplexity == pytest.approx(result.validation.perplexity, rel=0.2)


def test_model_folder_names_the_output_that_was_chosen(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(training={"max_steps": 2})

    train(corpus_file, tmp_path / "run", values)

    saved = load_model_folder(tmp_path / "run" / "model").config
    assert saved["output"]["kind"] == "full"
    assert 'kind = "auto"' in (tmp_path / "run" / "config.toml").read_text()


def test_full_and_chunked_train_to_the_same_weights(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    models = []
    for kind in ("full", "chunked"):
        values = settings(output={"kind": kind}, training={"max_steps": 10})
        train(corpus_file, tmp_path / kind, values)
        models.append(load_model_folder(tmp_path / kind / "model").tensors)

    for name, tensor in models[0].items():
        torch.testing.assert_close(models[1][name], tensor, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", OUTPUTS)
def test_sparse_gradients_move_weights_as_tables_of_zeros_do(
    kind: str, tied: bool, corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(model={"hidden_size": 20, "tied": tied}, output=OUTPUTS[kind], optimizer=SGD)
    weights = []
    for is_sparse in (True, False):
        state = training_state(config_of(corpus_file, values), tmp_path / str(is_sparse))
        if not is_sparse:
            for module in state.model.modules():
                module.sparse_gradients = False
        for _ in range(5):
            assert state.compute_gradient() is not None
            state.apply_gradient(0.5)
        weights.append(dict(state.model.named_parameters()))

    for name, weight in weights[0].items():
        torch.testing.assert_close(weight, weights[1][name], rtol=1e-5, atol=1e-6)


def test_sparse_gradient_of_an_untied_table_has_only_the_rows_that_were_read(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(model={"tied": False}, optimizer=SGD)
    state = training_state(config_of(corpus_file, values), tmp_path / "run")

    state.compute_gradient()

    table = state.model.embedding
    assert isinstance(table, torch.nn.Parameter)
    assert table.grad is not None
    assert table.grad.is_sparse
    assert 0 < table.grad._nnz() < len(table)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({}, "full, because the scores of 23 words at 28 positions fit in 0 MiB"),
        ({"kind": "sampled", "num_samples": 8}, "sampled, because output.kind asks for it"),
    ],
)
def test_plan_names_the_output_and_why(
    output: dict[str, Any], words: str, corpus_file: Path, settings: Settings
) -> None:
    config = config_of(corpus_file, settings(output=output))

    plan = plan_training(config)

    assert plan.output == words


def test_training_from_a_model_takes_its_output(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    short = {"max_steps": 2}
    first = settings(output=OUTPUTS["adaptive"], training=short, model={"hidden_size": 20})
    train(corpus_file, tmp_path / "first", first)
    values = settings(
        training=short, model={"hidden_size": 20}, text={"init": str(tmp_path / "first")}
    )

    train(corpus_file, tmp_path / "second", values)

    config = nw.load(tmp_path / "second").config
    assert config["output"] == nw.load(tmp_path / "first").config["output"]


def test_training_from_a_model_with_another_output_is_refused(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    train(corpus_file, tmp_path / "first", settings(training={"max_steps": 2}))
    values = settings(output=OUTPUTS["adaptive"], text={"init": str(tmp_path / "first")})

    with pytest.raises(MismatchError, match=r"does not fit the model; missing or unexpected: "):
        train(corpus_file, tmp_path / "second", values)


def test_cutoffs_above_the_vocabulary_are_refused_and_leave_the_folder_empty(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(output={"kind": "adaptive", "cutoffs": [10, 5000]})

    with pytest.raises(ConfigError, match=r"ends with 5,000, but the vocabulary has 23 words"):
        train(corpus_file, tmp_path / "run", values)

    assert not (tmp_path / "run" / "config.toml").exists()
