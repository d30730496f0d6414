"""Transformers through the same door as every other network: truncated windows, stop and resume."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from nextword.storage import load_latest_checkpoint
from stopping import Interrupt

Settings = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.fixture
def transformer_settings(settings: Settings) -> dict[str, Any]:
    """Settings of a training of few updates; windows shorter than the context."""
    values = settings(training={"epochs": 4, "bptt_steps": 6}, optimizer={"learning_rate": 0.02})
    values["model"] = {"hidden_size": 16, "num_heads": 2, "num_layers": 2, "context_size": 9}
    values["output"] = {"kind": "adaptive", "cutoffs": (6,)}
    return values


def run(text: Path, out: Path, values: dict[str, Any], **options: Any) -> Any:
    return nw.train(str(text), out=out, recipe="adaptive-transformer", settings=values, **options)


def test_transformer_run_trains_measures_and_loads(
    corpus_file: Path, tmp_path: Path, transformer_settings: dict[str, Any]
) -> None:
    result = run(corpus_file, tmp_path / "run", transformer_settings)

    model = nw.load(tmp_path / "run")
    assert model.language_model.family == "transformer"
    assert result.test is not None
    assert result.test.perplexity < 8.0
    assert model.evaluate(str(corpus_file), chunk_length=3).nll_sum == pytest.approx(
        model.evaluate(str(corpus_file), chunk_length=50).nll_sum, rel=1e-6
    )
    assert model.audit().passed


def test_transformer_run_goes_on_bit_by_bit_after_a_stop(
    corpus_file: Path, tmp_path: Path, transformer_settings: dict[str, Any]
) -> None:
    often = {"max_steps": 14, "checkpoint_every": 4, "log_every": 6}
    values = transformer_settings | {"training": {**transformer_settings["training"], **often}}
    run(corpus_file, tmp_path / "whole", values)
    with pytest.raises(KeyboardInterrupt):
        run(corpus_file, tmp_path / "parts", values, callbacks=lambda _: [Interrupt()])

    run(corpus_file, tmp_path / "parts", values, resume="auto")

    whole, parts = (
        load_latest_checkpoint(tmp_path / name / "checkpoints") for name in ("whole", "parts")
    )
    assert whole is not None
    assert parts is not None
    names = [name for name in whole.tensors if name != "random.python"]
    assert any(name.startswith("bptt.state") and "keys" in name for name in names)
    assert [n for n in names if not torch.equal(whole.tensors[n], parts.tensors[n])] == []
