"""What a comparison will do is resolved and checked before it starts."""

from typing import Any

import pytest

from nextword.base import ConfigError, Layer, MismatchError
from nextword.comparison import Budget, parse_entries
from nextword.comparison.plan import ComparisonPlan, plan_comparison
from nextword.training import TrainingConfig

TEXT = ("corpus.txt",)


def planned(
    *models: str,
    num_seeds: int = 1,
    row_seeds: dict[str, int] | None = None,
    tokens: int | None = None,
    **settings: object,
) -> ComparisonPlan:
    return plan_comparison(
        parse_entries(models),
        TEXT,
        settings=[settings],
        budget=Budget(tokens=tokens),
        num_seeds=num_seeds,
        row_seeds=row_seeds,
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


def test_a_row_may_have_its_own_number_of_seeds() -> None:
    plan = planned("ngram-2", "elman", "gru", num_seeds=3, row_seeds={"gru": 1})

    assert [job.name for job in plan.jobs] == [
        "ngram-2-1",
        "elman-1",
        "gru-1",
        "elman-2",
        "elman-3",
    ]
    assert plan.num_seeds_of_trained == (3, 1)


@pytest.mark.parametrize(
    ("row_seeds", "message"),
    [
        ({"lstm": 2}, "no row 'lstm'"),
        ({"elman": 0}, "row elman: the number of seeds is 0"),
        ({"ngram-2": 2}, "row ngram-2 is not trained by gradient descent"),
    ],
)
def test_number_of_seeds_that_makes_no_sense_is_refused(
    row_seeds: dict[str, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        planned("ngram-2", "elman", row_seeds=row_seeds)


def test_settings_of_training_do_not_disturb_counting() -> None:
    plan = planned("ngram-2", "elman", training={"epochs": 2, "reset": "line"})

    configs = [job.config for job in plan.jobs if job.config is not None]
    assert [config.training.reset for config in configs] == ["line", "line"]
    assert configs[1].training.epochs == 2


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"training": {"seed": 7}}, r"training\.seed is 7, .* --seeds"),
        ({"training": {"epochs": 7}}, r"training\.epochs is 7, .* --tokens 700 is"),
        ({"training": {"max_steps": 7}}, r"training\.max_steps is 7, .* --tokens 700 is"),
        ({"training": {"max_minutes": 7}}, r"training\.max_minutes is 7, .* --tokens 700 is"),
    ],
)
@pytest.mark.parametrize("is_of_row", [False, True])
def test_settings_that_the_budget_and_the_seeds_decide_are_refused(
    setting: dict[str, Any], message: str, *, is_of_row: bool
) -> None:
    own = {"elman": [Layer(setting, source="--set elman:x")]} if is_of_row else None
    place = "--set elman:x" if is_of_row else "settings"

    with pytest.raises(ConfigError, match=f"^{place}: {message}"):
        plan_comparison(
            parse_entries(["elman"], settings=own),
            TEXT,
            settings=[] if is_of_row else [setting],
            budget=Budget(tokens=700),
            num_seeds=1,
        )


def test_the_length_of_training_can_be_set_without_a_budget() -> None:
    (job,) = planned("elman", training={"max_steps": 7}).jobs

    assert job.config is not None
    assert job.config.training.max_steps == 7


@pytest.mark.parametrize(
    ("source", "setting", "name"),
    [
        ("ngram-2", {"model": {"hidden_size": 16}}, "model.hidden_size"),
        ("ngram-2", {"training": {"batch_size": 16}}, "training.batch_size"),
        ("hf:trained", {"text": {"init": "runs/x"}}, "text.init"),
        ("hf:trained", {"tokenizer": {"kind": "byte"}}, "tokenizer.kind"),
        ("hf:trained", {"training": {"reset": "line"}}, "training.reset"),
    ],
)
def test_a_setting_that_applies_to_no_row_is_refused(
    source: str, setting: dict[str, Any], name: str
) -> None:
    with pytest.raises(ConfigError, match=f"{name} applies to no row") as caught:
        planned(f"a={source}", f"b={source}", **setting)

    assert caught.value.help == f"Leave {name} out."


def test_counting_cannot_start_from_a_model() -> None:
    with pytest.raises(ConfigError, match=r"row ngram-2: .* ngram .* cannot start from runs/x"):
        planned("fine-tune", "ngram-2", text={"init": "runs/x"})


def test_settings_of_every_row_apply_to_counting() -> None:
    plan = planned("ngram-2", "ngram-3", tokenizer={"kind": "byte"}, training={"reset": "line"})

    configs = [job.config for job in plan.jobs if job.config is not None]
    assert [config.tokenizer.kind for config in configs] == ["byte", "byte"]
    assert planned("a=hf:trained", text={"test": ["a.txt"]}).text.test == ("a.txt",)


def test_rows_have_one_tokenizer() -> None:
    with pytest.raises(MismatchError, match=r"differ in tokenizer\.kind: 'word' and 'character'"):
        planned("lstm-small", "char-lstm")
    assert planned("lstm-small", "char-lstm", tokenizer={"kind": "word"}).jobs


@pytest.mark.parametrize(
    ("own", "advice"),
    [
        ({"split": (0.8, 0.1, 0.1)}, "--set 'text.split=[0.9, 0.05, 0.05]'"),
        ({"field": "body"}, "--set text.field="),
        ({"encoding_errors": "surrogateescape"}, "--set text.encoding_errors=strict"),
    ],
)
def test_advice_for_rows_with_other_texts_can_be_typed(own: dict[str, Any], advice: str) -> None:
    entries = parse_entries(["a=elman", "b=elman"], settings={"b": [{"text": own}]})

    with pytest.raises(MismatchError, match="the rows a and b differ in text") as caught:
        plan_comparison(entries, TEXT, settings=(), budget=Budget(), num_seeds=1)

    assert caught.value.help == f"Set it for all rows, and not for one: {advice}"


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


@pytest.mark.parametrize(
    ("budget", "options"),
    [
        (Budget(tokens=1400), "--tokens 1400"),
        (Budget(minutes=123.4567891), "--minutes 123.4567891"),
        (Budget(), ""),
    ],
)
def test_a_budget_is_that_of_its_settings(budget: Budget, options: str) -> None:
    values = budget.settings(TrainingConfig()).get("training", {})

    found = Budget.of(TrainingConfig(**values), tokens_per_update=700)

    assert found == budget
    assert found.options == options


def test_budget_in_tokens_is_exact_for_a_recipe_that_follows_the_size_of_the_text() -> None:
    [job] = planned("default", tokens=3500).jobs

    assert job.config is not None
    training = job.config.training
    assert training.max_steps == 3500 // (training.batch_size * training.bptt_steps)
    assert not {"training.batch_size", "training.epochs"} & set(training.by_text)


def test_an_error_names_the_row() -> None:
    with pytest.raises(ConfigError, match=r"row window-5: .*nonsense"):
        planned("ngram-2", "window-5", model={"nonsense": 1})


def test_standard_input_cannot_be_read_for_every_row() -> None:
    with pytest.raises(ConfigError, match="only once"):
        plan_comparison(parse_entries(["elman"]), ("-",), settings=(), budget=Budget(), num_seeds=1)
