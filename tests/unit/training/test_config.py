import typing
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_type_hints

import pytest

from nextword.base import ConfigError, Layer, decode_layers, describe_range, parts
from nextword.training import EvaluationConfig, RunConfig, TextConfig, TrainingConfig


@pytest.mark.parametrize("part", ["train", "valid", "test"])
def test_text_config_name_that_is_not_utf8_is_refused(part: str) -> None:
    with pytest.raises(ConfigError, match=rf"text\.{part} is 'caf.*, which is not UTF-8.*folder"):
        TextConfig(**{part: ("caf\udce9.txt",)})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"bptt_steps": 0}, "bptt_steps is 0; it must be at least 1"),
        ({"update_every": 0}, "update_every is 0; it must be at least 1"),
        ({"batch_size": 0}, "batch_size is 0; it must be at least 1"),
        ({"accumulation_steps": 0}, "accumulation_steps is 0; it must be at least 1"),
        ({"epochs": 0}, "epochs is 0; it must be at least 1"),
        ({"max_steps": 0}, "max_steps is 0; it must be at least 1"),
        ({"log_every": 0}, "log_every is 0; it must be at least 1"),
        ({"checkpoint_every": 0}, "checkpoint_every is 0; it must be at least 1"),
        ({"max_minutes": 0.0}, "max_minutes is 0.0; it must be above 0"),
        ({"free_running_probability": -0.1}, "free_running_probability is -0.1; .* at least 0"),
        ({"free_running_probability": 1.1}, "free_running_probability is 1.1; .* at most 1"),
        ({"bptt_steps": 6, "update_every": 4}, "update_every is 4 and bptt_steps is 6; one must"),
        (
            {"bptt_steps": 6, "update_every": 3, "reset": "line"},
            "update_every is 3, less than bptt_steps, 6, which needs reset 'never', but reset is",
        ),
        ({"batch_size": 4, "accumulation_steps": 5}, "accumulation_steps is 5, more than batch_"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_training_config_out_of_range_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainingConfig(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"bptt_steps": 1, "update_every": 1, "batch_size": 1, "epochs": 1, "max_steps": 1},
        {"bptt_steps": 6, "update_every": 12, "reset": "line"},
        {"bptt_steps": 6, "update_every": 6, "reset": "line"},
        {"bptt_steps": 6, "update_every": 3},
        {"batch_size": 4, "accumulation_steps": 4},
        {"free_running_probability": 1.0},
    ],
    ids=str,
)
def test_training_config_at_the_edge_is_taken(values: dict[str, Any]) -> None:
    config = TrainingConfig(**values)

    assert all(getattr(config, name) == value for name, value in values.items())


@pytest.mark.parametrize("name", ["every", "batch_size", "patience"])
def test_evaluation_config_below_one_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is 0; it must be at least 1"):
        EvaluationConfig(**{name: 0})


@pytest.mark.parametrize(
    ("values", "targets", "positions"),
    [
        ({"bptt_steps": 7, "batch_size": 4}, 7, 28),
        ({"bptt_steps": 7, "batch_size": 4, "update_every": 14}, 14, 28),
        ({"bptt_steps": 14, "batch_size": 4, "update_every": 7}, 7, 28),
        # Three parts of four rows: the largest has two.
        ({"bptt_steps": 7, "batch_size": 4, "accumulation_steps": 3}, 7, 14),
    ],
    ids=["windows", "several windows", "overlapping", "parts"],
)
def test_training_config_counts_targets_and_positions(
    values: dict[str, int], targets: int, positions: int
) -> None:
    config = TrainingConfig(**values)

    assert (config.targets_per_update, config.positions_at_once) == (targets, positions)


def has_defaults(kind: Any) -> bool:
    """Whether one setting of a class can be given without the others; not so for mixtures."""
    return all(
        field.default is not MISSING or field.default_factory is not MISSING
        for field in fields(kind)
    )


def ranged_settings() -> list[tuple[type, str, str]]:
    """Return every setting with a lower limit: its class, section and name."""
    sections = {
        section: [part for part in parts(hint) if is_dataclass(part)]
        for section, hint in get_type_hints(RunConfig, include_extras=True).items()
    }
    return [
        (typing.cast("type", kind), section, name)
        for section, kinds in sections.items()
        for kind in kinds
        if has_defaults(kind)
        for name, hint in get_type_hints(kind, include_extras=True).items()
        if describe_range(hint)
    ]


@pytest.mark.parametrize(("kind", "section", "name"), ranged_settings(), ids=str)
def test_run_config_setting_out_of_range_names_layer_path_and_range(
    kind: type, section: str, name: str
) -> None:
    is_list = "tuple" in str(get_type_hints(kind)[name])
    family = {"family": getattr(kind, "family", "")} if section == "model" else {}
    values = {section: {**family, name: [-1] if is_list else -1}}

    with pytest.raises(ConfigError) as caught:
        decode_layers(RunConfig, [Layer(values, source="recipe x")])

    setting = f"{section}.{name}" + "[0]" * is_list
    limits = describe_range(get_type_hints(kind, include_extras=True)[name])
    assert caught.value.message == f"recipe x: {setting} is -1; it must be {limits}."
