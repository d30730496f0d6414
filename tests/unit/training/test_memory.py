"""A training that does not fit into memory is refused before it takes any."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nextword as nw
from nextword.base import ConfigError
from nextword.cli.train import show_plan
from training_runs import train

Settings = Callable[..., dict[str, Any]]
#: Two layers of 12 units: see tests/unit/training/planning.
NUM_PARAMETERS = 2699


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a hundredth of a MiB be free."""
    monkeypatch.setattr("nextword.training.memory.free_memory", lambda: 10_000)


@pytest.mark.usefixtures("little_memory")
def test_train_that_does_not_fit_is_refused_and_leaves_no_folder(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    expected = f"the network has {NUM_PARAMETERS:,} parameters; with gradients"
    with pytest.raises(ConfigError, match=re.escape(expected)) as found:
        train(corpus_file, tmp_path / "run", settings())

    assert "model.hidden_size" in found.value.help
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("little_memory")
def test_plan_of_a_model_that_does_not_fit_has_its_sizes(
    corpus_file: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    config = nw.run_config(str(corpus_file), recipe="lstm-small", settings=[settings()])

    plan = nw.plan(config)

    assert plan.num_parameters == NUM_PARAMETERS
    assert plan.weights_mib == pytest.approx(5 * NUM_PARAMETERS * 4 / 2**20)
    assert plan.free_mib == 10_000 / 2**20
    assert (plan.num_steps, plan.seconds_per_step, plan.minutes) == (None, None, None)
    show_plan(plan, config, as_json=False)
    assert "does not fit: 0 MiB are free" in capsys.readouterr().out


def test_plan_of_a_model_of_a_terabyte_takes_no_memory(
    corpus_file: Path, settings: Settings
) -> None:
    values = settings(model={"cell": "lstm", "num_layers": 2, "hidden_size": 200_000})
    config = nw.run_config(str(corpus_file), recipe="lstm-small", settings=[values])

    plan = nw.plan(config)

    assert plan.weights_mib > 1e6
    assert plan.seconds_per_step is None
