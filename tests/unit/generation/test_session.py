import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch

import nextword
from fakes import ConstantModel, HashModel, ModeProbe
from families import CASES
from nextword.base import (
    ConfigError,
    DivergedError,
    FormatError,
    MismatchError,
    ShapeError,
    VocabularyError,
)
from nextword.generation import SamplingConfig, Session
from nextword.models import LanguageModel

VOCAB_SIZE = 12
FAMILIES = [
    *["lstm-2-tied", "lstm-zoneout", "lstm-learnt-state-1-tied", "min-gru-1-tied"],
    *["maxent-lstm-3", "window-3-untied", "convolutional-max-None", "transformer-2"],
    *["ngram-3-kneser_ney", "ngram-2-character"],
]
families = pytest.mark.parametrize("name", FAMILIES)
ROWS = [[4, 5, 6, 4, 5], [6], [], [5, 5, 4]]


def alone(model: LanguageModel, ids: list[int]) -> torch.Tensor:
    """The next token's log-probabilities where the model reads one row whole."""
    read = torch.tensor([[model.boundary_id, *ids]])
    with torch.no_grad():
        return model.next_log_probs(read, model.initial_state(1))[0][0, -1].double()


def assert_rows_are(session: Session, rows: list[list[int]]) -> None:
    expected = torch.stack([alone(session.model, ids) for ids in rows])
    torch.testing.assert_close(session.log_probs, expected, rtol=1e-6, atol=1e-6)
    assert session.num_rows == len(rows)
    assert session.num_tokens.tolist() == [len(ids) for ids in rows]


def generators(*seeds: int) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in seeds]


def test_session_is_public() -> None:
    assert nextword.Session is Session


def test_public_names_are_all_found() -> None:
    assert all(getattr(nextword, name) is not None for name in nextword.__all__)


def test_session_new_rows_have_read_the_boundary() -> None:
    assert_rows_are(Session(HashModel(VOCAB_SIZE), num_rows=2), [[], []])


@families
def test_session_rows_of_different_lengths_equal_rows_alone(name: str) -> None:
    session = Session(CASES[name].build(0), num_rows=4)

    session.feed(ROWS)

    assert_rows_are(session, ROWS)


@families
@pytest.mark.parametrize("asks", [False, True])
def test_session_feeding_in_chunks_equals_feeding_whole(name: str, asks: bool) -> None:
    session = Session(CASES[name].build(0), num_rows=2)

    for chunk in ([[4, 5], [6, 4]], [[], [5]], [[6], []], [[], []], [[4, 4], [5]]):
        session.feed(chunk)
        if asks:
            assert session.log_probs.shape[0] == 2

    assert_rows_are(session, [[4, 5, 6, 4, 4], [6, 4, 5, 5]])


@families
def test_session_rows_that_join_and_leave_equal_rows_alone(name: str) -> None:
    model = CASES[name].build(0)
    session, late = Session(model, num_rows=2), Session(model)
    session.feed([[4, 5, 6], [5]])
    late.feed([[6, 6]])

    session.join(late)
    session.feed([[4], [5, 6], [4]])
    assert_rows_are(session, [[4, 5, 6, 4], [5, 5, 6], [6, 6, 4]])
    session.select([2, 0])
    session.feed([[5], [6]])

    assert_rows_are(session, [[6, 6, 4, 5], [4, 5, 6, 4, 6]])
    assert_rows_are(late, [[6, 6]])


@families
def test_session_fork_goes_its_own_way(name: str) -> None:
    session = Session(CASES[name].build(0))
    session.feed([[4, 5]])
    before = session.log_probs

    fork = session.fork()
    fork.feed([[6, 4]])
    fork.select([0, 0])

    assert_rows_are(fork, [[4, 5, 6, 4]] * 2)
    assert torch.equal(session.log_probs, before)
    session.feed([[5]])
    assert_rows_are(session, [[4, 5, 5]])


@families
@pytest.mark.parametrize("asks", [False, True])
def test_session_bytes_come_back_equal(name: str, asks: bool) -> None:
    model = CASES[name].build(0)
    session = Session(model, num_rows=4)
    session.feed(ROWS)
    if asks:
        assert session.log_probs.shape[0] == 4

    loaded = Session.from_bytes(model, session.to_bytes())

    assert torch.equal(loaded.log_probs, session.log_probs)
    assert loaded.to_bytes() == session.to_bytes()
    config = SamplingConfig(repetition_penalty=1.7)
    drawn = [each.sample(generators(1, 2, 3, 4), config=config) for each in (session, loaded)]
    assert torch.equal(*drawn)
    for each in (session, loaded):
        each.feed(drawn[0][:, None])
    assert torch.equal(loaded.log_probs, session.log_probs)


@pytest.mark.parametrize("num_ids", [0, 1, 255, 256, 257, 700])
def test_session_feed_of_any_length_equals_reading_it_whole(num_ids: int) -> None:
    model = HashModel(VOCAB_SIZE)
    ids = [3 + number % 9 for number in range(num_ids)]
    whole = torch.tensor([[model.boundary_id, *ids]])
    session = Session(model, num_rows=2)

    session.feed([ids, ids[: num_ids // 2]])

    expected, after = model.next_log_probs(whole, model.initial_state(1))
    assert session.log_probs[0].tolist() == expected[0, -1].double().tolist()
    assert torch.equal(session.state.tensors["memory"][:1], after.tensors["memory"])
    assert session.state.num_tokens.tolist() == [num_ids + 1, num_ids // 2 + 1]


def test_session_feed_tensor_with_lengths_equals_lists() -> None:
    session = Session(HashModel(VOCAB_SIZE), num_rows=2)

    session.feed(torch.tensor([[4, 5, 6], [7, 3, 3]], dtype=torch.int32), torch.tensor([3, 1]))

    assert_rows_are(session, [[4, 5, 6], [7]])


def test_session_log_probs_are_float64_on_the_cpu_without_a_graph() -> None:
    model = CASES["lstm-2-tied"].build(0)
    session = Session(model.float() if isinstance(model, torch.nn.Module) else model)

    log_probs = session.log_probs

    assert (log_probs.dtype, log_probs.device.type) == (torch.float64, "cpu")
    assert not log_probs.requires_grad


class CountsCalls(HashModel):
    """A model that counts how often it predicts."""

    num_calls = 0

    def next_log_probs(self, token_ids, state, lengths=None):  # type: ignore[no-untyped-def]
        self.num_calls += 1
        return super().next_log_probs(token_ids, state, lengths)


def test_session_log_probs_are_computed_once_and_only_when_asked_for() -> None:
    model = CountsCalls(VOCAB_SIZE)
    session = Session(model)
    session.feed([[4]])
    before = model.num_calls

    for _ in range(3):
        assert session.log_probs.shape == (1, VOCAB_SIZE)
        assert session.sample(generators(0)).shape == (1,)

    assert model.num_calls - before == 1


def test_session_log_probs_that_are_changed_do_not_change_the_session() -> None:
    session = Session(HashModel(VOCAB_SIZE))
    session.feed([[4]])
    fork = session.fork()

    session.log_probs[:] = -torch.inf

    assert_rows_are(session, [[4]])
    assert_rows_are(fork, [[4]])


def test_session_bytes_do_not_grow_with_the_tokens_read() -> None:
    session = Session(CASES["lstm-2-tied"].build(0))
    session.feed([[4]])
    short = len(session.to_bytes())

    session.feed([[4, 5, 6] * 300])

    assert len(session.to_bytes()) == short


def test_session_state_has_no_graph() -> None:
    session = Session(CASES["lstm-learnt-state-1-tied"].build(0))

    assert not any(part.requires_grad for part in session.fork()._state.tensors.values())
    assert not any(part.requires_grad for part in session.state.tensors.values())


def test_session_model_is_in_evaluation_mode_and_comes_back() -> None:
    model = ModeProbe(VOCAB_SIZE)
    session = Session(model)

    session.feed([[4, 5, 6]])
    assert session.log_probs.shape == (1, VOCAB_SIZE)

    assert model.training
    assert model.modes == {(False, False, False)}


def test_session_sample_with_temperature_zero_takes_the_most_probable() -> None:
    session = Session(HashModel(VOCAB_SIZE), num_rows=3)
    session.feed([[4], [5], [6]])

    drawn = session.sample(generators(0, 0, 0), config=SamplingConfig(temperature=0.0))

    assert torch.equal(drawn, session.log_probs.argmax(1))


def test_session_sample_of_a_row_does_not_depend_on_the_others() -> None:
    session = Session(HashModel(VOCAB_SIZE), num_rows=3)
    session.feed([[4], [5], [6]])
    drawn = session.sample(generators(7, 8, 9))

    session.select([2])

    assert session.sample(generators(9)).tolist() == drawn[2:].tolist()


def test_session_sample_penalty_counts_valid_ids_of_the_row_alone() -> None:
    model = ConstantModel([0.0, 0.0, 0.0, 0.3, 0.3, 0.4], boundary_id=3)
    session = Session(model, num_rows=2)
    session.feed(torch.tensor([[5, 5], [4, 5]]), torch.tensor([2, 1]))

    greedy = SamplingConfig(temperature=0.0, repetition_penalty=9.0)

    assert session.sample(generators(0, 0), config=greedy).tolist() == [3, 5]


def test_session_sample_of_nan_is_refused() -> None:
    model = CASES["lstm-2-tied"].build(0)
    assert isinstance(model, torch.nn.Module)
    with torch.no_grad():
        next(model.parameters()).fill_(torch.nan)

    with pytest.raises(DivergedError, match="NaN"):
        Session(model).sample(generators(0))


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda s: s.feed([[4]]), ShapeError, "the state has 2 rows, token_ids has 1"),
        (lambda s: s.feed(torch.tensor([4, 5])), ShapeError, r"of shape \(2,\)"),
        (lambda s: s.feed([[4], [99]]), VocabularyError, "to 99, but the vocabulary has 12"),
        (lambda s: s.feed([[4], [-1]]), VocabularyError, "from -1"),
        (lambda s: s.feed([[4], [5]], torch.tensor([1, 1])), ShapeError, "their own"),
        (
            lambda s: s.feed(torch.tensor([[4], [5]]), torch.tensor([1, 2])),
            ShapeError,
            "lengths must be 2 numbers between 0 and 1",
        ),
        (lambda s: s.select([2]), ShapeError, r"rows are \[2\]; .* from 0 to 1"),
        (lambda s: s.select([-1]), ShapeError, "rows are"),
        (lambda s: s.select([]), ShapeError, "rows are"),
        (lambda s: s.sample(generators(0)), ShapeError, "1 generators for 2 rows"),
        (lambda s: s.join(Session(HashModel(VOCAB_SIZE))), ConfigError, "same model"),
    ],
)
def test_session_bad_calls_are_refused_and_change_nothing(
    act: Callable[[Session], object], error: type[Exception], message: str
) -> None:
    session = Session(HashModel(VOCAB_SIZE), num_rows=2)
    session.feed([[4, 5], [6]])

    with pytest.raises(error, match=message):
        act(session)

    assert_rows_are(session, [[4, 5], [6]])


def test_session_without_rows_is_refused() -> None:
    with pytest.raises(ConfigError, match="num_rows is 0"):
        Session(HashModel(VOCAB_SIZE), num_rows=0)


def test_session_bytes_of_another_model_are_refused() -> None:
    case = CASES["lstm-2-tied"]

    with pytest.raises(MismatchError, match="the state belongs to model"):
        Session.from_bytes(case.build(1), Session(case.build(0)).to_bytes())


@pytest.mark.parametrize("damage", [b"", b"no session", pickle.dumps({})])
def test_session_damaged_bytes_are_refused(damage: bytes) -> None:
    with pytest.raises(FormatError, match="the session is damaged"):
        Session.from_bytes(HashModel(VOCAB_SIZE), damage)


@pytest.mark.parametrize("end", [7, 60, 300, -1])
def test_session_cut_bytes_are_refused(end: int) -> None:
    model = CASES["lstm-2-tied"].build(0)

    with pytest.raises(FormatError, match="damaged"):
        Session.from_bytes(model, Session(model).to_bytes()[:end])


@families
def test_predict_returns_the_distribution_before_each_token(name: str) -> None:
    model = CASES[name].build(0)
    session, stepwise = Session(model, num_rows=len(ROWS)), Session(model, num_rows=len(ROWS))

    found = session.predict(ROWS)

    for row, ids in enumerate(ROWS):
        for step in range(len(ids)):
            expected = alone(model, ids[:step])
            torch.testing.assert_close(found[row, step], expected, rtol=1e-6, atol=1e-6)
    stepwise.feed(ROWS)
    torch.testing.assert_close(session.log_probs, stepwise.log_probs, rtol=1e-6, atol=1e-6)
    assert session.last_ids.tolist() == stepwise.last_ids.tolist()


def test_last_ids_and_seen_are_those_of_the_rows() -> None:
    model = HashModel(VOCAB_SIZE)
    session = Session(model, num_rows=2)
    assert session.last_ids.tolist() == [model.boundary_id] * 2
    assert not session.seen.any()

    session.feed([[4, 5, 4], [6]])
    session.seen.fill_(True)  # a copy

    assert session.last_ids.tolist() == [4, 6]
    assert [row.nonzero().squeeze(1).tolist() for row in session.seen] == [[4, 5], [6]]
