"""`Session.score`: the log-probabilities of tokens given everything read before them."""

import numpy as np
import pytest
import torch

from fakes import ConstantModel, HashModel, ModeProbe
from families import CASES
from nextword.base import DivergedError, NextwordError, ShapeError, VocabularyError
from nextword.evaluation import score_units
from nextword.generation import Session
from nextword.models import LanguageModel

VOCAB_SIZE = 12
FAMILIES = [
    *["lstm-2-tied", "lstm-zoneout", "lstm-learnt-state-1-tied", "min-gru-1-tied"],
    *["maxent-lstm-3", "window-3-untied", "convolutional-max-None", "transformer-2"],
    *["ngram-3-kneser_ney", "ngram-2-character"],
]
families = pytest.mark.parametrize("name", FAMILIES)
ROWS = [[4, 5, 6, 4, 5], [6], [], [5, 5, 4]]


def alone(model: LanguageModel, ids: list[int]) -> list[float]:
    """The log-probability of each id where the model reads one token a call."""
    state, last, log_probs = model.initial_state(1), model.boundary_id, []
    for each in ids:
        with torch.no_grad():
            predicted, state = model.next_log_probs(torch.tensor([[last]]), state)
        log_probs.append(float(predicted[0, 0, each]))
        last = each
    return log_probs


def assert_scores_are(scores: torch.Tensor, expected: list[list[float]]) -> None:
    assert scores.shape == (len(expected), max(map(len, expected)))
    for row, wanted in zip(scores.tolist(), expected, strict=True):
        assert row[: len(wanted)] == pytest.approx(wanted, rel=1e-5, abs=1e-6)
        assert not any(row[len(wanted) :])


@families
def test_session_score_rows_of_different_lengths_equals_rows_alone(name: str) -> None:
    model = CASES[name].build(0)

    scores = Session(model, num_rows=4).score(ROWS)

    assert_scores_are(scores, [alone(model, ids) for ids in ROWS])


@families
@pytest.mark.parametrize("asks", [False, True])
def test_session_score_after_feed_goes_on_and_so_does_the_next(name: str, asks: bool) -> None:
    model = CASES[name].build(0)
    session = Session(model, num_rows=2)
    session.feed([[4, 5], [6]])
    if asks:
        assert session.log_probs.shape[0] == 2

    first = session.score([[6, 4], []])
    second = session.score([[4], [5, 4, 5]])

    long, short = alone(model, [4, 5, 6, 4, 4]), alone(model, [6, 5, 4, 5])
    assert_scores_are(first, [long[2:4], []])
    assert_scores_are(second, [long[4:], short[1:]])
    assert session.num_tokens.tolist() == [5, 4]
    after = [alone(model, [4, 5, 6, 4, 4, 5])[-1:], alone(model, [6, 5, 4, 5, 5])[-1:]]
    assert_scores_are(session.log_probs[:, 5:6], after)


@families
def test_session_score_equals_the_figures_of_evaluation(name: str) -> None:
    model = CASES[name].build(0)
    rows = [ids for ids in ROWS if ids]
    stream = np.concatenate([np.array(ids) for ids in rows])
    unit_starts = np.cumsum([0, *map(len, rows)])

    scores = Session(model, num_rows=len(rows)).score(rows)

    windows = list(score_units(model, stream, unit_starts=unit_starts, batch_size=len(rows)))
    sums = {
        int(position): -float(nll.sum())
        for window in windows
        for position, nll in zip(window.positions, window.nll, strict=True)
    }
    expected = [sums[int(start)] for start in unit_starts[:-1]]
    assert scores.sum(1).tolist() == pytest.approx(expected, rel=1e-6)


class RecordsSteps(HashModel):
    """A model that records the number of steps of each call."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__(vocab_size)
        self.steps: list[int] = []

    def next_log_probs(self, token_ids, state, lengths=None):  # type: ignore[no-untyped-def]
        self.steps.append(token_ids.shape[1])
        return super().next_log_probs(token_ids, state, lengths)


@pytest.mark.parametrize("num_ids", [1, 511, 512, 513, 1100])
def test_session_score_of_any_length_equals_reading_it_whole(num_ids: int) -> None:
    model = RecordsSteps(VOCAB_SIZE)
    ids = [3 + number % 9 for number in range(num_ids)]
    expected, _ = HashModel(VOCAB_SIZE).next_log_probs(
        torch.tensor([[model.boundary_id, *ids]]), model.initial_state(1)
    )
    session = Session(model, num_rows=2)

    scores = session.score([ids, ids[: num_ids // 2]])

    wanted = [float(expected[0, step, each]) for step, each in enumerate(ids)]
    assert scores[0].tolist() == wanted
    assert scores[1].tolist() == wanted[: num_ids // 2] + [0.0] * (num_ids - num_ids // 2)
    assert max(model.steps) <= 512
    assert torch.equal(session.log_probs[0], expected[0, -1].double())


def test_session_score_leaves_the_session_as_feed_does() -> None:
    model = HashModel(VOCAB_SIZE)
    fed, scored = Session(model, num_rows=4), Session(model, num_rows=4)

    fed.feed(ROWS)
    scored.score(ROWS)

    assert scored.to_bytes() == fed.to_bytes()


def test_session_score_tensor_with_lengths_equals_lists() -> None:
    model = HashModel(VOCAB_SIZE)
    padded = torch.tensor([[4, 5, 6], [7, 3, 3]], dtype=torch.int32)

    scores = Session(model, num_rows=2).score(padded, torch.tensor([3, 1]))

    assert torch.equal(scores, Session(model, num_rows=2).score([[4, 5, 6], [7]]))


def test_session_score_of_nothing_changes_nothing() -> None:
    session = Session(HashModel(VOCAB_SIZE), num_rows=2)
    session.feed([[4], [5]])
    before = session.to_bytes()

    assert session.score([[], []]).shape == (2, 0)

    assert session.to_bytes() == before


def test_session_score_of_probability_zero_is_minus_infinity() -> None:
    model = ConstantModel([0.0, 0.0, 0.0, 0.25, 0.75])

    scores = Session(model, num_rows=2).score([[3, 0, 4], [1]])

    expected = np.array([[np.log(0.25), -np.inf, np.log(0.75)], [-np.inf, 0.0, 0.0]])
    np.testing.assert_allclose(scores.numpy(), expected, rtol=1e-6)


def test_session_score_is_float64_on_the_cpu_without_a_graph() -> None:
    scores = Session(CASES["lstm-learnt-state-1-tied"].build(0)).score([[4, 5]])

    assert (scores.dtype, scores.device.type) == (torch.float64, "cpu")
    assert not scores.requires_grad


def test_session_score_in_evaluation_mode_and_the_mode_comes_back() -> None:
    model = ModeProbe(VOCAB_SIZE)

    assert Session(model).score([[4, 5]]).shape == (1, 2)

    assert model.training
    assert model.modes == {(False, False, False)}


class BuildsNoDistributions(HashModel):
    """A model that scores targets, and must not be asked for distributions."""

    builds_distributions = False

    def nll(self, token_ids, target_ids, state, lengths=None, mask=None):  # type: ignore[no-untyped-def]
        _, after = super().next_log_probs(token_ids, state, lengths)
        return target_ids.double(), after

    def next_log_probs(self, token_ids, state, lengths=None):  # type: ignore[no-untyped-def]
        raise AssertionError("distributions are built")


def test_session_score_builds_no_distributions_where_the_model_need_not() -> None:
    scores = Session(BuildsNoDistributions(VOCAB_SIZE)).score([[4, 5, 6]])

    assert scores.tolist() == [[-4.0, -5.0, -6.0]]


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([[4]], ShapeError, "the state has 2 rows, token_ids has 1"),
        ([[4], [99]], VocabularyError, "to 99, but the vocabulary has 12"),
        ([[4], [-1]], VocabularyError, "from -1"),
        (torch.tensor([4, 5]), ShapeError, r"of shape \(2,\)"),
    ],
)
def test_session_score_bad_calls_are_refused_and_change_nothing(
    ids: list[list[int]] | torch.Tensor, error: type[NextwordError], message: str
) -> None:
    session = Session(HashModel(VOCAB_SIZE), num_rows=2)
    session.feed([[4, 5], [6]])
    before = session.to_bytes()

    with pytest.raises(error, match=message):
        session.score(ids)

    assert session.to_bytes() == before


def test_session_score_of_nan_is_refused_and_changes_nothing() -> None:
    session = Session(ConstantModel([0.5, 0.25, 0.125, 0.125, float("nan")]), num_rows=2)
    before = session.to_bytes()

    with pytest.raises(DivergedError, match=r"NaN for the token at step 1 of row 1, .*finite"):
        session.score([[3], [3, 4]])

    assert session.to_bytes() == before
