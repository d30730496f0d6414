import pytest
import torch

from fakes import uniform_model
from nextword.base import ShapeError, VocabularyError
from nextword.models import scored

MODEL = uniform_model(6)


def ids(*rows: list[int]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.int64)


def check(token_ids: torch.Tensor, lengths: torch.Tensor | None = None, rows: int = 2) -> None:
    MODEL.check_inputs(token_ids, MODEL.initial_state(rows), lengths=lengths)


def test_check_inputs_one_axis_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"token_ids has shape \(3,\); expected \(batch, time\)"):
        check(torch.tensor([1, 2, 3]))


def test_check_inputs_other_number_of_rows_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"the state has 3 rows, token_ids has 2\."):
        check(ids([1], [2]), rows=3)


@pytest.mark.parametrize("lengths", [[1, 4], [-1, 2], [1], [1, 2, 3]])
def test_check_inputs_lengths_that_do_not_fit_are_refused(lengths: list[int]) -> None:
    with pytest.raises(ShapeError, match=r"lengths must be 2 numbers between 0 and 3\."):
        check(ids([1, 2, 3], [1, 2, 3]), torch.tensor(lengths))


@pytest.mark.parametrize(("low", "high"), [(-1, 2), (1, 6)])
def test_check_inputs_id_outside_the_vocabulary_is_refused(low: int, high: int) -> None:
    with pytest.raises(
        VocabularyError, match=f"token ids range from {low} to {high}, but the vocabulary has 6"
    ):
        check(ids([low], [high]))


@pytest.mark.parametrize("shape", [(2, 0), (0, 3), (0, 0)])
def test_check_inputs_nothing_to_read_passes(shape: tuple[int, int]) -> None:
    check(torch.zeros(shape, dtype=torch.int64), rows=shape[0])


def test_scored_without_limits_is_everything() -> None:
    assert scored(ids([1, 2], [3, 4]), None, mask=None).all()


def test_scored_is_within_lengths_and_not_hidden() -> None:
    mask = torch.tensor([[True, False, True], [True, True, True]])

    counted = scored(torch.zeros(2, 3, dtype=torch.int64), torch.tensor([3, 1]), mask=mask)

    assert counted.tolist() == [[True, False, True], [True, False, False]]


def test_nll_impossible_target_that_is_hidden_costs_nothing() -> None:
    never = MODEL.never_ids[0]
    mask = torch.tensor([[False, True]])

    nll, _ = MODEL.nll(ids([1, 1]), ids([never, 1]), MODEL.initial_state(1), mask=mask)

    assert nll[0, 0] == 0.0
    assert nll[0, 1].isfinite()


def test_advance_moves_the_count_of_tokens() -> None:
    state = MODEL.advance(ids([1, 2], [3, 4]), MODEL.initial_state(2), torch.tensor([2, 1]))

    assert state.num_tokens.tolist() == [2, 1]
