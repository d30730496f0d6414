"""What an audit reads."""

import numpy as np
import pytest
import torch

from fakes import ConstantModel, random_text, store_of, tokenizer_of, uniform_model
from nextword.base import DataError
from nextword.evaluation.audit import (
    MIN_TEXT_TOKENS,
    RunTexts,
    choose_passage,
    random_passage,
    text_passage,
)


@pytest.fixture
def model() -> ConstantModel:
    return uniform_model(9)


def texts(*, valid: str) -> RunTexts:
    tokenizer = tokenizer_of(random_text(9))
    return RunTexts(
        tokenizer=tokenizer,
        train=store_of(tokenizer, random_text(9)),
        held_out={"valid": store_of(tokenizer, valid)},
    )


def test_random_passage_of_one_seed_is_the_same(model: ConstantModel) -> None:
    first, again, other = (random_passage(model, seed=seed) for seed in (0, 0, 1))

    assert torch.equal(first.token_ids, again.token_ids)
    assert not torch.equal(first.token_ids, other.token_ids)


def test_random_passage_targets_may_be_predicted(model: ConstantModel) -> None:
    targets = random_passage(model, seed=0).target_ids

    assert not np.isin(targets.numpy(), model.never_ids).any()


def test_text_passage_goes_on_from_part_to_part(model: ConstantModel) -> None:
    passage = text_passage(np.arange(500, dtype=np.uint16), model, text="numbers", seed=0)

    rows = torch.cat([passage.before, passage.token_ids, passage.after], 1)
    assert rows.shape == (3, MIN_TEXT_TOKENS)
    assert torch.equal(rows, rows[:, :1] + torch.arange(MIN_TEXT_TOKENS))
    assert torch.equal(passage.target_ids, passage.token_ids + 1)
    assert passage.description == "3 rows of numbers, seed 0"


@pytest.mark.parametrize(("context_size", "expected"), [(None, 5), (3, 8), (40, 45), (1024, 261)])
def test_passage_before_fills_the_window_of_a_model(
    model: ConstantModel, context_size: int | None, expected: int
) -> None:
    model.context_size = context_size

    passages = [
        random_passage(model, seed=0),
        text_passage(np.arange(500), model, text="numbers", seed=0),
    ]

    assert [passage.before.shape[1] for passage in passages] == [expected, expected]
    assert torch.equal(passages[1].before[:, -1] + 1, passages[1].token_ids[:, 0])


def test_text_passage_of_a_text_shorter_than_the_window_reads_what_there_is(
    model: ConstantModel,
) -> None:
    model.context_size = 40

    passage = text_passage(np.arange(30), model, text="numbers", seed=0)

    assert passage.before.shape == (3, 14)


def test_text_passage_of_the_shortest_text_reads_all_of_it(model: ConstantModel) -> None:
    ids = np.arange(MIN_TEXT_TOKENS)

    passage = text_passage(ids, model, text="numbers", seed=3)

    assert passage.before[:, 0].tolist() == [0, 0, 0]


def test_text_passage_of_a_shorter_text_is_refused(model: ConstantModel) -> None:
    with pytest.raises(DataError, match="numbers has 20 tokens; an audit needs at least 21"):
        text_passage(np.arange(20), model, text="numbers", seed=0)


def test_choose_passage_takes_the_text_that_is_given(model: ConstantModel) -> None:
    found = texts(valid=random_text(9))

    passage = choose_passage(model, texts=found, store=found.train, text="mine")

    assert passage.description == "3 rows of mine, seed 0"


@pytest.mark.parametrize(
    ("valid", "description"),
    [
        (random_text(9), "3 rows of the run's valid text, seed 0"),
        ("w1\n", "3 rows of the run's train text, seed 0"),
    ],
)
def test_choose_passage_without_a_text_takes_one_of_the_run(
    model: ConstantModel, valid: str, description: str
) -> None:
    assert choose_passage(model, texts=texts(valid=valid)).description == description


def test_choose_passage_without_any_text_makes_ids_up(model: ConstantModel) -> None:
    assert choose_passage(model, texts=None, seed=2).description == "random ids, seed 2"


def test_passage_lengths_are_whole_half_and_none(model: ConstantModel) -> None:
    assert random_passage(model, seed=0).lengths.tolist() == [12, 6, 0]
