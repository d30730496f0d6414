"""Records of gradients in training: what they hold, and that they change nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from inspected_models import random_passage, recurrent_model
from nextword.inspection import GradientProbe
from nextword.models import NeuralLanguageModel, State
from nextword.optim import Clipped
from nextword.storage import RunFolder
from nextword.training import Callback, GradientRecords
from nextword.training.loop.callbacks.gradients import norm_histogram, parameter_norms
from training_runs import final_tensors, train

Settings = Callable[..., dict[str, Any]]


class Norms(Callback):
    """Keeps the norm of every update."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.seen: list[Clipped] = []

    def on_update(self, step: int, clipped: Clipped) -> None:
        self.steps.append(step)
        self.seen.append(clipped)


def test_gradient_records_change_no_bit_of_the_training(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    dropout = {"input_dropout": 0.2, "zoneout_hidden": 0.1}
    norms = Norms()
    for every in (0, 3):
        values = settings(training={"max_steps": 8, "gradients_every": every})
        values["regularization"] = dropout
        train(corpus_file, tmp_path / f"{every}", values, callbacks=lambda _: [norms])

    without, with_records = (final_tensors(tmp_path / name) for name in ("0", "3"))
    assert [n for n in without if not torch.equal(without[n], with_records[n])] == []
    records = [r for r in RunFolder(tmp_path / "3").read_metrics() if "gradients" in r]
    assert [record["step"] for record in records] == [3, 6]
    assert not any("gradients" in r for r in RunFolder(tmp_path / "0").read_metrics())
    seen = [clipped.norm for clipped in norms.seen[8:11]]
    first = records[0]["gradients"]
    assert first["norm_mean"] == pytest.approx(sum(seen) / 3)
    assert (first["norm_min"], first["norm_max"]) == (min(seen), max(seen))
    assert sum(first["histogram"].values()) == first["num_updates"] == 3
    squares = sum(norm**2 for norm in first["parameters"].values())
    assert squares**0.5 == pytest.approx(seen[-1])
    assert [curve["part"] for curve in first["lags"][:2]] == ["embeddings", "hidden_state"]
    report = (tmp_path / "3" / "report.html").read_text()
    assert "Gradients through time" in report
    assert (tmp_path / "3" / "plots" / "gradients.png").is_file()
    assert "Gradients through time" not in (tmp_path / "0" / "report.html").read_text()


@pytest.mark.usefixtures("no_pictures")
def test_gradient_records_interval_may_differ_when_resumed(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    run = tmp_path / "run"
    train(corpus_file, run, settings(training={"max_steps": 2}))
    values = settings(training={"max_steps": 4, "gradients_every": 2})

    train(corpus_file, run, values, resume="auto")

    records = [r for r in RunFolder(run).read_metrics() if "gradients" in r]
    assert [record["step"] for record in records] == [4]


def test_on_update_is_called_before_the_weights_change(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    norms = Norms()

    train(
        corpus_file,
        tmp_path / "run",
        settings(training={"max_steps": 3}),
        callbacks=lambda _: [norms],
    )

    assert norms.steps == [1, 2, 3]
    assert all(clipped.norm > 0.0 for clipped in norms.seen)


def test_gradient_probe_measures_the_flow_at_its_places() -> None:
    model, passage = recurrent_model("lstm", num_layers=2), random_passage(14)
    ids = torch.cat([passage.token_ids, passage.target_ids[-1:]])

    curves = GradientProbe(model, ids, num_lags=6, num_rows=1).measure()

    # One place: six tokens to begin with, and the loss after seven more.
    state = model.advance(ids[None, :6], model.initial_state(1)).detach()
    embeddings = model.embed(ids[None, 6:13]).detach().requires_grad_()
    hidden, _ = model.hidden_from_embeddings(embeddings, state, token_ids=ids[None, 6:13])
    loss = -model.output.log_probs(hidden[:, -1])[0, ids[13]]
    [gradient] = torch.autograd.grad(loss, embeddings)
    assert (curves[0].layer, curves[0].part) == (0, "embeddings")
    assert curves[0].means == pytest.approx(gradient[0].norm(dim=1).flip(0).tolist())


def test_gradient_probe_leaves_generator_gradients_and_modes() -> None:
    model = recurrent_model("gru").train()
    generator = torch.get_rng_state()

    GradientProbe(model, random_passage(50).token_ids).measure()

    assert torch.equal(torch.get_rng_state(), generator)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("num_tokens", [4, 5, 9])
def test_gradient_probe_of_a_short_text_looks_back_less(num_tokens: int) -> None:
    probe = GradientProbe(recurrent_model("gru"), random_passage(num_tokens).token_ids)

    assert probe.num_lags == (num_tokens - 2) // 2
    assert len(probe.measure()[0].means) == probe.num_lags + 1


def test_gradient_records_of_a_tiny_text_have_no_lags(tmp_path: Path) -> None:
    model = recurrent_model("gru")
    loss, _ = model.nll(torch.tensor([[3, 4]]), torch.tensor([[4, 5]]), model.initial_state(1))
    loss.sum().backward()
    records = GradientRecords(
        RunFolder.create(tmp_path / "run"), model, token_ids=torch.tensor([3, 4]), every=1
    )

    records.on_update(1, Clipped(norm=2.0, threshold=1.0, is_clipped=True))

    [record] = RunFolder(tmp_path / "run").read_metrics()
    assert record["gradients"]["lags"] == []
    assert record["gradients"]["clip_rate"] == 1.0


def test_gradient_probe_does_not_fit_a_family_without_layers() -> None:
    class Whole(NeuralLanguageModel):
        """Defines `hidden` in place of `run_layers`."""

        def initial_state(self, batch_size: int) -> State:
            raise NotImplementedError

    assert GradientProbe.fits(recurrent_model("gru"), 4)
    assert not GradientProbe.fits(recurrent_model("gru"), 3)
    assert not GradientProbe.fits(Whole(recurrent_model("gru").vocabulary), 4)


def test_parameter_norms_are_scaled_to_the_norm_before_clipping() -> None:
    model = torch.nn.Linear(2, 1)
    model.weight.grad = torch.tensor([[3.0, 0.0]])
    model.bias.grad = torch.tensor([4.0])

    norms = parameter_norms(model, total=50.0)

    assert norms == pytest.approx({"weight": 30.0, "bias": 40.0})


def test_parameter_norms_of_sparse_gradients_are_those_of_their_values() -> None:
    table = torch.nn.Embedding(5, 2, sparse=True)
    table(torch.tensor([1, 1, 3])).sum().backward()

    norms = parameter_norms(table, total=10.0**0.5)

    assert norms == pytest.approx({"weight": 10.0**0.5})


def test_norm_histogram_leaves_zeros_out() -> None:
    assert norm_histogram([0.0, 0.05, 9.99, 10.0]) == {"-14": 1, "9": 1, "10": 1}
