"""RNN + MaxEnt through the same door as every other network: trained, stopped, resumed, loaded."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from fit_jobs import training_state
from nextword.base import ConfigError, DataError
from nextword.layers import sparse_parameters
from nextword.storage import load_latest_checkpoint
from nextword.training import TrainingState
from stopping import Interrupt

Settings = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("no_pictures")
MAXENT = {"family": "maxent", "cell": "elman", "num_layers": 1, "order": 5, "table_size": 4096}


@pytest.fixture
def maxent_settings(settings: Settings) -> Settings:
    """Settings of a training of few updates."""

    def build(**sections: dict[str, Any]) -> dict[str, Any]:
        sections["model"] = MAXENT | sections.get("model", {})
        sections["optimizer"] = {"table_learning_rate": 5.0} | sections.get("optimizer", {})
        return settings(**sections)

    return build


def run(text: Path, out: Path, values: dict[str, Any], **options: Any) -> Any:
    return nw.train(str(text), out=out, recipe="rnn-maxent", settings=values, **options)


def state_of(text: Path, folder: Path, values: dict[str, Any]) -> TrainingState:
    config = nw.run_config(str(text), recipe="rnn-maxent", settings=[values])
    return training_state(config, folder)


def test_maxent_run_trains_measures_and_loads(
    corpus_file: Path, tmp_path: Path, maxent_settings: Settings
) -> None:
    result = run(corpus_file, tmp_path / "run", maxent_settings(training={"epochs": 4}))

    model = nw.load(tmp_path / "run")
    assert result.family == model.language_model.family == "maxent"
    assert result.test is not None
    assert result.test.perplexity < 6.0  # a uniform guess among the words costs 23
    assert len(model.generate("the old", max_tokens=5, seed=1)) > 0
    assert model.evaluate(str(corpus_file), chunk_length=3).nll_sum == pytest.approx(
        model.evaluate(str(corpus_file), chunk_length=50).nll_sum, rel=1e-6
    )
    assert model.audit().passed


def test_maxent_run_beats_its_twin_while_both_are_young(
    corpus_file: Path, tmp_path: Path, maxent_settings: Settings
) -> None:
    settings = maxent_settings()

    both = run(corpus_file, tmp_path / "maxent", settings)
    alone = run(
        corpus_file, tmp_path / "alone", {**settings, "model": {**settings["model"], "order": 1}}
    )

    details = nw.load(alone.run).language_model.details
    assert details["features"] == details["table_size"] == 0
    assert both.test.perplexity < 0.9 * alone.test.perplexity


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"optimizer": {"kind": "sgd", "learning_rate": 0.5}, "model": {"cell": "gru"}},
        {"training": {"update_every": 7, "bptt_steps": 14}},
        {"clipping": {"state_threshold": 1e-4}},
    ],
    ids=["adamw", "sgd", "windows overlap", "state clipped"],
)
def test_maxent_run_goes_on_bit_by_bit_after_a_stop(
    sections: dict[str, Any], corpus_file: Path, tmp_path: Path, maxent_settings: Settings
) -> None:
    often = {"max_steps": 14, "checkpoint_every": 4, "log_every": 6}
    values = maxent_settings(**{**sections, "training": {**sections.get("training", {}), **often}})
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
    assert whole.tensors["model.features.weight"].any()
    assert [n for n in names if not torch.equal(whole.tensors[n], parts.tensors[n])] == []
    one, other = (nw.load(tmp_path / n).language_model for n in ("whole", "parts"))
    assert one.fingerprint() == other.fingerprint()


def test_maxent_update_is_plain_descent_whatever_the_optimizer(
    corpus_file: Path, tmp_path: Path, maxent_settings: Settings
) -> None:
    state = state_of(corpus_file, tmp_path, maxent_settings())
    [table] = sparse_parameters(state.model)
    rate = nw.run_config("t", settings=[maxent_settings()]).optimizer.learning_rate

    for _ in range(2):
        state.compute_gradient()
        assert table.grad is not None
        before, gradient = table.detach().clone(), table.grad.to_dense()
        state.apply_gradient(0.5 * rate)
        torch.testing.assert_close(table.detach(), before - 0.5 * 5.0 * gradient)
        assert gradient.any()


def test_maxent_gradient_in_parts_is_the_same(
    corpus_file: Path, tmp_path: Path, maxent_settings: Settings
) -> None:
    gradients = []
    for steps in (1, 3):
        values = maxent_settings(
            training={"accumulation_steps": steps},
            regularization={"input_dropout": 0.0, "output_dropout": 0.0, "embedding_dropout": 0.0},
        )
        state = state_of(corpus_file, tmp_path / f"{steps}", values)
        state.compute_gradient()
        [table] = sparse_parameters(state.model)
        gradients.append(table.grad.to_dense())

    torch.testing.assert_close(*gradients)


def test_maxent_table_is_neither_clipped_nor_averaged(
    corpus_file: Path, tmp_path: Path, maxent_settings: Settings
) -> None:
    gradients = []
    for threshold in (1e-6, 1e6):
        clipping = {"kind": "norm", "threshold": threshold}
        state = state_of(corpus_file, tmp_path / f"{threshold}", maxent_settings(clipping=clipping))
        state.compute_gradient()
        gradients.append(sparse_parameters(state.model)[0].grad.to_dense())
    torch.testing.assert_close(*gradients)

    state.apply_gradient(1e-3)
    moved = sparse_parameters(state.model)[0].detach().clone()
    with state.average.applied():
        assert torch.equal(sparse_parameters(state.model)[0].detach(), moved)


def test_maxent_run_can_read_its_own_output(
    corpus_file: Path, tmp_path: Path, maxent_settings: Settings
) -> None:
    values = maxent_settings(training={"max_steps": 4, "free_running_probability": 0.5})

    assert run(corpus_file, tmp_path / "run", values).progress.step == 4


@pytest.mark.parametrize("backend", ["hoisted", "reference"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_maxent_run_trains_on_every_backend_and_precision(
    backend: str, precision: str, corpus_file: Path, tmp_path: Path, maxent_settings: Settings
) -> None:
    values = maxent_settings(training={"max_steps": 20, "backend": backend, "precision": precision})

    assert run(corpus_file, tmp_path / "run", values).test.perplexity < 15.0


def test_maxent_run_fine_tuned_keeps_its_features_and_takes_new_ones(
    corpus_file: Path, tmp_path: Path, maxent_settings: Settings
) -> None:
    short = maxent_settings(training={"max_steps": 3})
    run(corpus_file, tmp_path / "first", short)
    other = tmp_path / "other.txt"
    other.write_text("a bird opened the old cat\n" * 30)

    run(other, tmp_path / "second", {**short, "text": {"init": str(tmp_path / "first")}})

    first, second = (nw.load(tmp_path / name).language_model for name in ("first", "second"))
    assert second.details["features"] > first.details["features"]
    both = second.features.contexts.successors()
    assert both.merged(first.features.contexts.successors()).arrays().keys()
    merged = both.merged(first.features.contexts.successors())
    assert [len(k) for k in merged.keys] == [len(k) for k in both.keys]


def test_maxent_run_says_how_crowded_the_table_is(
    corpus_file: Path,
    tmp_path: Path,
    maxent_settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        run(corpus_file, tmp_path / "run", maxent_settings(training={"max_steps": 1}))

    details = nw.load(tmp_path / "run").language_model.details
    assert json.loads(json.dumps(details)) == details
    assert f"{details['features']:,} n-gram features up to order 5" in caplog.text


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"order": 10}, r"model\.order is 10; it must be at least 1 and at most 9"),
        ({"table_size": 0}, r"model\.table_size is 0; it must be at least 1"),
        ({"table_siz": 3}, r"unknown setting 'model\.table_siz'"),
        ({"family": "maxnet"}, r"model\.family is 'maxnet'"),
    ],
)
def test_maxent_settings_that_are_wrong_are_refused(model: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        nw.run_config("text", recipe="rnn-maxent", settings=[{"model": model}])


def test_maxent_run_of_an_empty_text_is_refused(tmp_path: Path, maxent_settings: Settings) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("")

    with pytest.raises(DataError):
        run(empty, tmp_path / "run", maxent_settings())


def test_maxent_plan_counts_the_table_once(corpus_file: Path, maxent_settings: Settings) -> None:
    plans = [
        nw.plan(
            nw.run_config(
                str(corpus_file),
                recipe="rnn-maxent",
                settings=[maxent_settings(model={"table_size": 2**20 * size})],
            )
        )
        for size in (1, 3)
    ]

    assert [plan.family for plan in plans] == ["maxent", "maxent"]
    assert plans[1].num_parameters - plans[0].num_parameters == 2**21
    assert plans[1].weights_mib - plans[0].weights_mib == 8.0
