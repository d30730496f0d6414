import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import ConstantModel, HashModel, ModeProbe
from nextword.base import ConfigError, DivergedError
from nextword.evaluation import ScoredWindow, score_units, scoring

VOCAB_SIZE = 11
TOKEN_IDS = np.random.default_rng(1).integers(3, VOCAB_SIZE, size=60).astype(np.uint8)


def starts(*positions: int) -> np.ndarray:
    return np.array(positions, dtype=np.int64)


def scores_by_position(windows: list[ScoredWindow]) -> dict[int, float]:
    """Every scored position with its score; a position scored twice is an error."""
    scores: dict[int, float] = {}
    for window in windows:
        for row, (position, count) in enumerate(zip(window.positions, window.counts, strict=True)):
            for step in range(count):
                assert position + step not in scores
                scores[int(position + step)] = window.nll[row, step]
    return scores


@settings(max_examples=30)
@given(
    cuts=st.sets(st.integers(1, 59), max_size=8),
    batch_size=st.integers(1, 6),
    chunk_length=st.integers(1, 70),
)
def test_score_units_any_units_score_each_token_as_read_alone(
    cuts: set[int], batch_size: int, chunk_length: int
) -> None:
    model = HashModel(VOCAB_SIZE)
    unit_starts = starts(0, *sorted(cuts), 60)

    windows = score_units(
        model,
        TOKEN_IDS,
        unit_starts=unit_starts,
        batch_size=batch_size,
        chunk_length=chunk_length,
    )

    expected: dict[int, float] = {}
    for begin, end in itertools.pairwise(unit_starts):
        read = torch.tensor([[model.boundary_id, *TOKEN_IDS[begin : end - 1].tolist()]])
        log_probs, _ = model.next_log_probs(read, model.initial_state(1))
        for step, target in enumerate(TOKEN_IDS[begin:end].tolist()):
            expected[int(begin + step)] = -log_probs[0, step, target].item()
    assert scores_by_position(list(windows)) == expected


@pytest.mark.parametrize("group_size", [1, 2, 3])
def test_score_units_groups_of_units_give_the_same_scores(
    group_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, unit_starts = HashModel(VOCAB_SIZE), starts(0, 7, 9, 30, 31, 60)
    options = {"unit_starts": unit_starts, "batch_size": 2}
    expected = scores_by_position(list(score_units(model, TOKEN_IDS, **options)))
    monkeypatch.setattr(scoring, "_UNITS_AT_ONCE", group_size)

    assert scores_by_position(list(score_units(model, TOKEN_IDS, **options))) == expected


def test_score_units_rows_without_units_are_left_out() -> None:
    windows = list(
        score_units(
            HashModel(VOCAB_SIZE),
            TOKEN_IDS,
            unit_starts=starts(0, 50, 55, 60),
            batch_size=3,
            chunk_length=10,
        )
    )

    assert [len(window.positions) for window in windows] == [3, 1, 1, 1, 1]


def test_score_units_padding_scores_zero() -> None:
    window = next(
        iter(
            score_units(
                HashModel(VOCAB_SIZE), TOKEN_IDS, unit_starts=starts(0, 57, 60), batch_size=2
            )
        )
    )

    assert window.counts.tolist() == [57, 3]
    assert not window.nll[1, 3:].any()
    assert window.nll[0].all()


@pytest.mark.parametrize("is_training", [True, False])
def test_score_units_module_scores_finished_and_gets_its_modes_back(is_training: bool) -> None:
    model = ModeProbe(VOCAB_SIZE).train(is_training)
    model.inner.eval()

    with torch.autocast("cpu", dtype=torch.bfloat16):
        for _ in score_units(model, TOKEN_IDS, unit_starts=starts(0, 60), batch_size=1):
            assert torch.is_grad_enabled()
            assert torch.is_autocast_enabled("cpu")

    assert model.modes == {(False, False, False)}
    assert (model.training, model.inner.training) == (is_training, False)


def test_score_units_nan_is_refused_with_its_position() -> None:
    model = ConstantModel([0.5, 0.25, 0.125, 0.125, float("nan")])
    token_ids = np.array([3, 1, 4, 1], dtype=np.uint8)

    with pytest.raises(DivergedError, match=r"NaN for the token at position 2 of the text.*finite"):
        list(score_units(model, token_ids, unit_starts=starts(0, 4), batch_size=1))


@pytest.mark.parametrize(
    ("batch_size", "chunk_length", "message"),
    [(0, 5, "batch_size is 0; it must be at least 1"), (1, 0, "chunk_length is 0; .* at least 1")],
)
def test_score_units_size_below_one_is_refused(
    batch_size: int, chunk_length: int, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        score_units(
            HashModel(VOCAB_SIZE),
            TOKEN_IDS,
            unit_starts=starts(0, 60),
            batch_size=batch_size,
            chunk_length=chunk_length,
        )


@given(
    wanted=st.sets(st.integers(0, 40)),
    counts=st.lists(st.integers(0, 5), min_size=2, max_size=2),
)
def test_scored_window_find_marks_exactly_the_wanted_targets(
    wanted: set[int], counts: list[int]
) -> None:
    window = ScoredWindow(
        nll=np.ones((2, 5)), positions=starts(3, 20), counts=np.array(counts, dtype=np.int64)
    )

    found = window.find(np.array(sorted(wanted), dtype=np.int64))

    expected = [
        [step < count and position + step in wanted for step in range(5)]
        for position, count in zip([3, 20], counts, strict=True)
    ]
    assert found.tolist() == expected
