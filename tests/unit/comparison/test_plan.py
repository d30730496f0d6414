"""What a comparison will do is resolved and checked before it starts."""

import pytest

from nextword.base import ConfigError, MismatchError
from nextword.comparison import Budget, parse_entries
from nextword.comparison.plan import ComparisonPlan, plan_comparison

TEXT = ("corpus.txt",)


def planned(
    *models: str, num_seeds: int = 1, tokens: int | None = None, **settings: object
) -> ComparisonPlan:
    return plan_comparison(
        parse_entries(models),
        TEXT,
        settings=[settings],
        budget=Budget(tokens=tokens),
        num_seeds=num_seeds,
    )


def test_counting_has_one_seed_and_no_budget() -> None:
    plan = planned("ngram-2", "lstm-small", num_seeds=2, tokens=7000)

    assert [job.name for job in plan.jobs] == ["ngram-2-1", "lstm-small-1", "lstm-small-2"]
    counted, *trained = [job.config for job in plan.jobs]
    assert counted is not None
    assert counted.training.max_steps is None
    assert [each and (each.training.max_steps, each.training.seed) for each in trained] == [
        (10, 1),
        (10, 2),
    ]


def test_settings_of_training_do_not_disturb_counting() -> None:
    plan = planned("ngram-2", "elman", training={"epochs": 2, "reset": "line"})

    configs = [job.config for job in plan.jobs if job.config is not None]
    assert [config.training.reset for config in configs] == ["line", "line"]
    assert configs[1].training.epochs == 2


def test_rows_have_one_tokenizer() -> None:
    with pytest.raises(MismatchError, match=r"differ in tokenizer\.kind: 'word' and 'character'"):
        planned("lstm-small", "char-lstm")
    assert planned("lstm-small", "char-lstm", tokenizer={"kind": "word"}).jobs


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ({"tokens": 0}, "0 tokens"),
        ({"minutes": -1.0}, "-1"),
        ({"tokens": 5, "minutes": 1.0}, "both given"),
    ],
)
def test_wrong_budgets_are_refused(budget: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Budget(**budget)  # type: ignore[arg-type]


def test_an_error_names_the_row() -> None:
    with pytest.raises(ConfigError, match=r"row window-5: .*nonsense"):
        planned("ngram-2", "window-5", model={"nonsense": 1})


def test_standard_input_cannot_be_read_for_every_row() -> None:
    with pytest.raises(ConfigError, match="only once"):
        plan_comparison(parse_entries(["elman"]), ("-",), settings=(), budget=Budget(), num_seeds=1)
