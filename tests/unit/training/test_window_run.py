"""Fixed-window models through the same door as every other network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from nextword.base import ConfigError
from nextword.storage import load_latest_checkpoint
from stopping import Interrupt

Settings = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("no_pictures")
RECIPES = {"window": "window-5", "convolutional": "convolutional"}
MODELS: dict[str, dict[str, Any]] = {
    "window": {"family": "window", "window": 3, "embedding_size": 8},
    "convolutional": {
        "family": "convolutional",
        "window": 5,
        "kernel_size": 2,
        "num_channels": 9,
        "embedding_size": 8,
    },
}


@pytest.fixture(params=MODELS)
def window_settings(request: pytest.FixtureRequest, settings: Settings) -> dict[str, Any]:
    """Settings of a training of few updates, for each of the two families."""
    values = settings(training={"epochs": 4}, optimizer={"learning_rate": 0.02})
    values["model"] = {"hidden_size": 12, **MODELS[request.param]}
    return values


def run(text: Path, out: Path, values: dict[str, Any], **options: Any) -> Any:
    recipe = RECIPES[values["model"]["family"]]
    return nw.train(str(text), out=out, recipe=recipe, settings=values, **options)


def test_window_run_trains_measures_and_loads(
    corpus_file: Path, tmp_path: Path, window_settings: dict[str, Any]
) -> None:
    result = run(corpus_file, tmp_path / "run", window_settings)

    model = nw.load(tmp_path / "run")
    assert model.language_model.family == window_settings["model"]["family"]
    assert result.test is not None
    assert result.test.perplexity < 8.0
    assert len(model.generate("the old", max_tokens=5, seed=1)) > 0
    assert model.evaluate(str(corpus_file), chunk_length=3).nll_sum == pytest.approx(
        model.evaluate(str(corpus_file), chunk_length=50).nll_sum, rel=1e-6
    )


def test_window_run_goes_on_bit_by_bit_after_a_stop(
    corpus_file: Path, tmp_path: Path, window_settings: dict[str, Any]
) -> None:
    often = {"max_steps": 14, "checkpoint_every": 4, "log_every": 6}
    values = window_settings | {"training": {**window_settings["training"], **often}}
    run(corpus_file, tmp_path / "whole", values)
    with pytest.raises(KeyboardInterrupt):
        run(corpus_file, tmp_path / "parts", values, callbacks=lambda _: [Interrupt()])

    run(corpus_file, tmp_path / "parts", values, resume="auto")

    whole, parts = (
        load_latest_checkpoint(tmp_path / n / "checkpoints") for n in ("whole", "parts")
    )
    assert whole is not None
    assert parts is not None
    names = [name for name in whole.tensors if name != "random.python"]
    assert [n for n in names if not torch.equal(whole.tensors[n], parts.tensors[n])] == []


def test_window_run_can_read_its_own_output(
    corpus_file: Path, tmp_path: Path, window_settings: dict[str, Any]
) -> None:
    training = {**window_settings["training"], "max_steps": 4, "free_running_probability": 0.5}

    result = run(corpus_file, tmp_path / "run", window_settings | {"training": training})

    assert result.progress.step == 4


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"window": 0}, r"model\.window is 0; it must be at least 1"),
        ({"windw": 3}, r"unknown setting 'model\.windw'"),
        ({"family": "windo"}, r"model\.family is 'windo'"),
        ({"family": "convolutional", "window": 1}, r"model\.window is 1, .* cover 2 positions"),
    ],
    ids=["window 0", "key", "family", "too small for its convolutions"],
)
def test_window_settings_that_are_wrong_are_refused(model: dict[str, Any], message: str) -> None:
    recipe = RECIPES.get(model.get("family"), "window-5")

    with pytest.raises(ConfigError, match=message):
        nw.run_config("text", recipe=recipe, settings=[{"model": model}])


def test_window_plan_names_no_backend(corpus_file: Path, window_settings: dict[str, Any]) -> None:
    recipe = RECIPES[window_settings["model"]["family"]]
    config = nw.run_config(str(corpus_file), recipe=recipe, settings=[window_settings])

    assert nw.plan(config).backends == ()


def test_window_run_with_a_limit_on_the_state_gradient_is_refused(
    corpus_file: Path, tmp_path: Path, window_settings: dict[str, Any]
) -> None:
    window_settings["clipping"] = {"state_threshold": 1.0}

    with pytest.raises(
        ConfigError,
        match=r"clipping\.state_threshold is 1\.0, but the model has no recurrent layers",
    ) as caught:
        run(corpus_file, tmp_path / "run", window_settings)

    assert caught.value.help == "Leave clipping.state_threshold out."
    assert not (tmp_path / "run").exists()
