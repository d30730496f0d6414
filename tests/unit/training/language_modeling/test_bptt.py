"""Truncated back-propagation against a version written out by hand."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fakes import network_spec
from nextword.batches import UnitReader, lanes
from nextword.families import RecurrentConfig, RegularizationConfig
from nextword.models import NeuralLanguageModel
from nextword.recurrent import ActivationPenalty
from nextword.training import TruncatedBptt

VOCAB_SIZE, BOUNDARY, NUM_LANES = 9, 3, 3


def make_model(
    cell: str = "elman", *, learnt_initial_state: bool = False, **regularization: float
) -> NeuralLanguageModel:
    torch.manual_seed(5)
    config = RecurrentConfig(cell=cell, hidden_size=5, learnt_initial_state=learnt_initial_state)
    model = config.build(
        network_spec(
            vocab_size=VOCAB_SIZE,
            boundary_id=BOUNDARY,
            never_ids=(0, 2),
            regularization=RegularizationConfig(**regularization),
        )
    )
    return model.double()


def make_text(num_tokens: int) -> np.ndarray:
    return np.random.default_rng(1).integers(3, VOCAB_SIZE, num_tokens).astype(np.uint8)


def open_reader(text: np.ndarray) -> UnitReader:
    return UnitReader(text, lanes(len(text), NUM_LANES), batch_size=NUM_LANES, boundary_id=BOUNDARY)


def gradients(model: NeuralLanguageModel) -> list[Tensor]:
    """Those of all parameters, zero where one had no part in the loss."""
    found = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    return found


def updates(
    model: NeuralLanguageModel, text: np.ndarray, *, learning_rate: float = 0.0, **options: Any
) -> list[tuple[float, list[Tensor]]]:
    """Loss sum and gradients of every update of one epoch, weights moving by plain SGD."""
    bptt, reader = TruncatedBptt(model, **options), open_reader(text)
    bptt.start(reader)
    found = []
    while (loss := bptt.backward(reader)) is not None:
        found.append((loss.loss_sum, gradients(model)))
        step(model, found[-1][1], learning_rate)
    return found


def step(model: NeuralLanguageModel, grads: list[Tensor], learning_rate: float) -> None:
    with torch.no_grad():
        for parameter, grad in zip(model.parameters(), grads, strict=True):
            parameter -= learning_rate * grad


def by_hand(
    model: NeuralLanguageModel,
    text: np.ndarray,
    *,
    bptt_steps: int,
    update_every: int,
    learning_rate: float = 0.0,
) -> list[tuple[float, list[Tensor]]]:
    """TBPTT(k1, k2) of an Elman layer, step by step, in plain tensor products."""
    length = len(text) // NUM_LANES
    targets = torch.from_numpy(text.astype(np.int64)).view(NUM_LANES, length)
    inputs = torch.cat([torch.full((NUM_LANES, 1), BOUNDARY), targets[:, :-1]], dim=1)
    cell = model.core.layers[0]
    states = {0: torch.zeros(NUM_LANES, 5, dtype=torch.float64)}
    found = []
    for end in range(update_every, length + 1, update_every):
        num_scored = update_every
        total = torch.zeros((), dtype=torch.float64)
        windows = window_bounds(end, bptt_steps=bptt_steps, update_every=update_every)
        for begin, stop in windows:
            h = states[begin]
            for t in range(begin, stop):
                e = model.embedding[inputs[:, t]]
                h = torch.tanh(e @ cell.weight_ih.T + h @ cell.weight_hh.T + cell.bias)
                if t >= end - num_scored:
                    scores = h @ model.embedding.T + model.output.bias
                    scores = scores.index_fill(1, torch.tensor([0, 2]), -torch.inf)
                    log_probs = scores - scores.logsumexp(1, keepdim=True)
                    total = total - log_probs[range(NUM_LANES), targets[:, t]].sum()
            states[stop] = h.detach()
        (total / (num_scored * NUM_LANES)).backward()
        found.append((total.item(), gradients(model)))
        step(model, found[-1][1], learning_rate)
    return found


def window_bounds(end: int, *, bptt_steps: int, update_every: int) -> list[tuple[int, int]]:
    if update_every < bptt_steps:
        return [(max(0, end - bptt_steps), end)]
    start = end - update_every
    return [(b, b + bptt_steps) for b in range(start, end, bptt_steps)]


def assert_same_updates(
    ours: list[tuple[float, list[Tensor]]], theirs: list[tuple[float, list[Tensor]]]
) -> None:
    assert len(ours) == len(theirs) > 2
    for (our_loss, our_grads), (their_loss, their_grads) in zip(ours, theirs, strict=True):
        assert our_loss == pytest.approx(their_loss, rel=1e-12)
        for our_grad, their_grad in zip(our_grads, their_grads, strict=True):
            torch.testing.assert_close(our_grad, their_grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("bptt_steps", "update_every"),
    [(4, 4), (6, 2), (6, 3), (6, 1), (2, 4), (1, 1), (3, 12)],
    ids=lambda n: str(n),
)
@pytest.mark.parametrize("learning_rate", [0.0, 0.5])
def test_updates_equal_truncated_bptt_written_by_hand(
    bptt_steps: int, update_every: int, learning_rate: float
) -> None:
    text = make_text(36 * NUM_LANES)
    options = {"bptt_steps": bptt_steps, "update_every": update_every}

    ours = updates(make_model(), text, learning_rate=learning_rate, **options)
    theirs = by_hand(make_model(), text, learning_rate=learning_rate, **options)

    assert_same_updates(ours, theirs)


@pytest.mark.parametrize("planted", [(4, 2), (2, 2), (6, 3)], ids=lambda p: f"k2={p[0]},k1={p[1]}")
def test_hand_written_check_when_window_is_cut_elsewhere_fails(planted: tuple[int, int]) -> None:
    text = make_text(24 * NUM_LANES)
    ours = updates(make_model(), text, bptt_steps=6, update_every=2)
    theirs = by_hand(make_model(), text, bptt_steps=planted[0], update_every=planted[1])

    with pytest.raises(AssertionError):
        assert_same_updates(ours, theirs)


def test_whole_lane_window_gives_untruncated_gradient() -> None:
    text = make_text(12 * NUM_LANES)
    model = make_model()
    [(loss, ours)] = updates(model, text, bptt_steps=12, update_every=12)
    ids = torch.from_numpy(text.astype(np.int64)).view(NUM_LANES, 12)
    inputs = torch.cat([torch.full((NUM_LANES, 1), BOUNDARY), ids[:, :-1]], dim=1)

    nll, _ = model.nll(inputs, ids, model.initial_state(NUM_LANES))
    nll.mean().backward()

    assert loss == pytest.approx(nll.sum().item(), rel=1e-12)
    for our_grad, grad in zip(ours, gradients(model), strict=True):
        torch.testing.assert_close(our_grad, grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("num_tokens", [3, 10, 31, 37])
@pytest.mark.parametrize(("bptt_steps", "update_every"), [(4, 4), (4, 2), (2, 4)])
def test_every_target_counts_once_whatever_the_length(
    num_tokens: int, bptt_steps: int, update_every: int
) -> None:
    model, reader = make_model(), open_reader(make_text(num_tokens))
    bptt = TruncatedBptt(model, bptt_steps=bptt_steps, update_every=update_every)
    bptt.start(reader)

    counts = []
    while (loss := bptt.backward(reader)) is not None:
        counts.append(loss.num_items)

    assert sum(counts) == num_tokens


def test_carry_state_off_starts_every_window_afresh() -> None:
    text = make_text(8 * NUM_LANES)
    carried = updates(make_model(), text, bptt_steps=4, update_every=4)
    model = make_model()
    fresh = TruncatedBptt(model, bptt_steps=4, update_every=4, carry_state=False)
    reader = open_reader(text)
    fresh.start(reader)

    first, second = fresh.backward(reader), fresh.backward(reader)

    assert first is not None
    assert second is not None
    assert first.loss_sum == pytest.approx(carried[0][0], rel=1e-12)
    assert abs(second.loss_sum - carried[1][0]) > 1e-6


@pytest.mark.parametrize("learnt", [False, True], ids=["state of zeros", "learnt state"])
@pytest.mark.parametrize("accumulation_steps", [2, 3])
@pytest.mark.parametrize(("bptt_steps", "update_every"), [(4, 4), (4, 2), (2, 4)])
def test_accumulation_makes_the_same_updates(
    accumulation_steps: int, bptt_steps: int, update_every: int, learnt: bool
) -> None:
    text = make_text(26 * NUM_LANES)
    options = {"bptt_steps": bptt_steps, "update_every": update_every}
    model, again = (make_model("lstm", learnt_initial_state=learnt) for _ in range(2))

    whole = updates(model, text, **options)
    parts = updates(again, text, accumulation_steps=accumulation_steps, **options)

    assert_same_updates(parts, whole)


def test_free_running_probability_zero_is_teacher_forcing() -> None:
    text = make_text(24 * NUM_LANES)
    forced = updates(make_model(), text, bptt_steps=4, update_every=4)
    tiny = updates(make_model(), text, bptt_steps=4, update_every=4, free_running_probability=1e-12)

    assert_same_updates(tiny, forced)


def test_free_running_reads_the_models_own_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    model, read = make_model(), []
    original = model.nll

    def recording(token_ids: Tensor, *rest: object) -> object:
        read.append(token_ids.clone())
        return original(token_ids, *rest)

    drawn = torch.tensor([4, 5, 6])
    monkeypatch.setattr(torch, "multinomial", lambda *_: drawn[:, None])
    monkeypatch.setattr(model, "nll", recording)
    text = make_text(4 * NUM_LANES)
    reader = open_reader(text)
    bptt = TruncatedBptt(model, bptt_steps=4, update_every=4, free_running_probability=1.0)
    bptt.start(reader)

    bptt.backward(reader)

    [token_ids] = read
    assert token_ids[:, 0].tolist() == [BOUNDARY] * NUM_LANES
    assert token_ids[:, 1:].tolist() == [[each] * 3 for each in drawn.tolist()]


@pytest.mark.parametrize(("bptt_steps", "update_every"), [(4, 4), (6, 2), (2, 4)])
def test_state_round_trip_continues_with_the_same_updates(
    bptt_steps: int, update_every: int
) -> None:
    text = make_text(24 * NUM_LANES)
    options = {"bptt_steps": bptt_steps, "update_every": update_every}
    model, reader = make_model("lstm"), open_reader(text)
    first = TruncatedBptt(model, **options)
    first.start(reader)
    for _ in range(3):
        first.backward(reader)
    tensors = {name: tensor.clone() for name, tensor in first.state_tensors().items()}
    values, place = first.state_values(), reader.position()
    model.zero_grad()
    expected = [(loss.loss_sum, gradients(model)) for loss in rest_of(first, reader)]

    second, other_reader = TruncatedBptt(model, **options), open_reader(text)
    other_reader.seek(place)
    second.load_state(tensors, values)

    found = [(loss.loss_sum, gradients(model)) for loss in rest_of(second, other_reader)]
    assert len(found) == len(expected) > 0
    for (our_loss, our_grads), (loss, grads) in zip(found, expected, strict=True):
        assert our_loss == loss
        assert all(torch.equal(a, b) for a, b in zip(our_grads, grads, strict=True))


def rest_of(bptt: TruncatedBptt, reader: UnitReader):  # type: ignore[no-untyped-def]
    while (loss := bptt.backward(reader)) is not None:
        yield loss


def test_lines_of_unequal_length_give_the_gradient_of_single_lines() -> None:
    text = make_text(17)
    starts = np.array([0, 5, 6, 14, 17])
    model = make_model("lstm")
    reader = UnitReader(text, starts, batch_size=2, boundary_id=BOUNDARY)
    bptt = TruncatedBptt(model, bptt_steps=20, update_every=20)
    bptt.start(reader)
    total = [torch.zeros_like(p) for p in model.parameters()]
    nll_sum = 0.0
    while (loss := bptt.backward(reader)) is not None:
        nll_sum += loss.loss_sum
        for sum_, grad in zip(total, gradients(model), strict=True):
            sum_ += grad * loss.num_items

    expected = single_line_nll(model, text, starts)
    expected.backward()

    assert nll_sum == pytest.approx(expected.item(), rel=1e-12)
    for ours, grad in zip(total, gradients(model), strict=True):
        torch.testing.assert_close(ours, grad, rtol=1e-9, atol=1e-12)


def single_line_nll(model: NeuralLanguageModel, text: np.ndarray, starts: np.ndarray) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for begin, end in pairwise(starts):
        ids = torch.from_numpy(text[begin:end].astype(np.int64))[None]
        inputs = torch.cat([torch.full((1, 1), BOUNDARY), ids[:, :-1]], dim=1)
        total = total + model.nll(inputs, ids, model.initial_state(1))[0].sum()
    return total


PENALTIES = {"activation_penalty": 2.0, "temporal_penalty": 3.0}


def penalty_of(**coefficients: float) -> ActivationPenalty:
    return RegularizationConfig(**coefficients).penalty


@pytest.mark.parametrize("name", PENALTIES)
def test_penalty_adds_its_gradient_and_leaves_the_reported_loss(name: str) -> None:
    text = make_text(4 * NUM_LANES)
    model, penalty = make_model(), penalty_of(**{name: PENALTIES[name]})
    [(loss, ours)] = updates(model, text, bptt_steps=4, update_every=4, penalty=penalty)
    [(plain_loss, _)] = updates(make_model(), text, bptt_steps=4, update_every=4)
    ids = torch.from_numpy(text.astype(np.int64)).view(NUM_LANES, 4)
    inputs = torch.cat([torch.full((NUM_LANES, 1), BOUNDARY), ids[:, :-1]], dim=1)

    state = model.initial_state(NUM_LANES)
    nll = model.nll(inputs, ids, state)[0].sum()
    hidden = model.hidden(inputs, state)[0]
    moved = hidden.diff(dim=1).square().mean(2).sum()
    price = {
        "activation_penalty": hidden.square().mean(2).sum(),
        "temporal_penalty": moved,
    }[name]
    ((nll + PENALTIES[name] * price) / ids.numel()).backward()

    assert loss == pytest.approx(plain_loss, rel=1e-12)
    for our_grad, grad in zip(ours, gradients(model), strict=True):
        torch.testing.assert_close(our_grad, grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("bptt_steps", "update_every"), [(4, 4), (4, 2), (2, 4)])
def test_penalty_accumulation_makes_the_same_updates(bptt_steps: int, update_every: int) -> None:
    text = make_text(26 * NUM_LANES)
    options = {"bptt_steps": bptt_steps, "update_every": update_every}
    options["penalty"] = penalty_of(**PENALTIES)

    whole = updates(make_model(), text, **options)
    parts = updates(make_model(), text, accumulation_steps=2, **options)

    assert_same_updates(parts, whole)
