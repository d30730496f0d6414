"""What a training would take: every figure worked out by hand."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import nextword as nw
from nextword.training import Plan, plan_training

Settings = Callable[..., dict[str, Any]]

#: A tied table and its biases, 23 x 12 + 23; two layers of 4 x 12 x (12 + 12) and 4 x 12 biases.
NUM_PARAMETERS = 299 + 2 * (1152 + 48)
#: 240 lines of 6.2 tokens, the line ends included.
NUM_TOKENS = 1488


def plan_of(text: Path, values: dict[str, Any]) -> Plan:
    values = values | {"text": {"split": [1.0, 0.0, 0.0]}}
    config = nw.run_config(str(text), recipe="lstm-small", settings=[values])
    return plan_training(config)


def clock_of(durations: Iterator[float]) -> SimpleNamespace:
    """A clock that is read before and after each update."""
    readings = itertools.accumulate(
        itertools.chain.from_iterable((0.0, seconds) for seconds in durations)
    )
    return SimpleNamespace(perf_counter=lambda: next(readings))


@pytest.mark.parametrize(
    ("sections", "copies"),
    [
        # Weights and gradients; what the optimizer keeps; the average.
        ({}, 2 + 2 + 1),
        ({"averaging": {"decay": 0.0}}, 2 + 2),
        ({"optimizer": {"kind": "sgd", "momentum": 0.0}}, 2 + 0 + 1),
        ({"optimizer": {"kind": "sgd", "momentum": 0.5}}, 2 + 1 + 1),
        ({"optimizer": {"kind": "sgd"}, "averaging": {"decay": 0.0}}, 2),
    ],
    ids=["adamw-average", "adamw", "sgd-average", "momentum-average", "sgd"],
)
def test_plan_weights_are_counted_with_all_their_copies(
    sections: dict[str, Any], copies: int, corpus_file: Path, settings: Settings
) -> None:
    plan = plan_of(corpus_file, settings(**sections))

    assert plan.num_parameters == NUM_PARAMETERS
    assert plan.weights_mib == copies * NUM_PARAMETERS * 4 / 2**20


def test_plan_activations_are_a_score_and_its_gradient_a_word(
    corpus_file: Path, settings: Settings
) -> None:
    plan = plan_of(corpus_file, settings())

    assert plan.vocab_size == 23
    assert plan.activations_mib == (4 * 7) * 23 * 8 / 2**20


def test_plan_steps_are_the_windows_of_all_epochs(corpus_file: Path, settings: Settings) -> None:
    plan = plan_of(corpus_file, settings(training={"epochs": 3}))

    assert plan.num_train_tokens == NUM_TOKENS
    # Four rows of 372 tokens are 53 windows of 7 and a shorter one.
    assert plan.num_steps == 3 * 54


def test_plan_speed_is_the_middle_one_after_warming_up(
    corpus_file: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    durations = iter([90.0, 80.0, 1.0, 6.0, 2.0, 5.0, 3.0, 4.0])
    monkeypatch.setattr("nextword.training.planner.time", clock_of(durations))

    plan = plan_of(corpus_file, settings())

    assert plan.seconds_per_step == 4.0
    assert plan.tokens_per_second == (4 * 7) / 4.0
    assert plan.minutes == 108 * 4.0 / 60


def test_plan_of_a_text_of_one_window_takes_the_one_update_there_is(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "short.txt"
    text.write_text("the cat sees a fish\n" * 2)
    monkeypatch.setattr("nextword.training.planner.time", clock_of(itertools.repeat(2.0)))

    plan = plan_of(text, settings())

    assert (plan.num_steps, plan.seconds_per_step) == (2, 2.0)
    assert plan.tokens_per_second == 12 / 2.0


@pytest.mark.parametrize(("limit", "minutes"), [(5.0, 5.0), (50.0, 108 * 6.0 / 60)])
def test_plan_minutes_are_limited_by_max_minutes(
    limit: float,
    minutes: float,
    corpus_file: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nextword.training.planner.time", clock_of(itertools.repeat(6.0)))

    plan = plan_of(corpus_file, settings(training={"max_minutes": limit}))

    assert plan.minutes == minutes


def test_plan_of_max_steps_plans_no_more(corpus_file: Path, settings: Settings) -> None:
    assert plan_of(corpus_file, settings(training={"max_steps": 9})).num_steps == 9


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({}, "full, because the scores of 23 words at 28 positions fit in 0 MiB"),
        ({"kind": "sampled", "num_samples": 8}, "sampled, because output.kind asks for it"),
    ],
)
def test_plan_names_the_output_and_why(
    output: dict[str, Any], words: str, corpus_file: Path, settings: Settings
) -> None:
    assert plan_of(corpus_file, settings(output=output)).output == words


def test_plan_to_dict_has_every_field(corpus_file: Path, settings: Settings) -> None:
    plan = plan_of(corpus_file, settings())

    values = plan.to_dict()

    assert (values["family"], values["precision"]) == ("recurrent", "float32")
    assert len(values["backends"]) == 2
    assert values == {name: getattr(plan, name) for name in Plan.__dataclass_fields__}


def test_plan_of_a_hashed_table_counts_it_once_and_the_rest_with_all_copies(
    corpus_file: Path, settings: Settings
) -> None:
    values = settings() | {
        "model": {"hidden_size": 12, "num_layers": 1, "table_size": 1001},
    }
    config = nw.run_config(str(corpus_file), recipe="rnn-maxent", settings=[values])

    plan = plan_training(config)

    num_numbers = 1001 + (2 + 2 + 1) * (plan.num_parameters - 1001)
    assert plan.weights_mib == num_numbers * 4 / 2**20
