from dataclasses import asdict
from typing import Any

import pytest

from nextword.base import ConfigError, decode
from nextword.optim import AveragingConfig, ClippingConfig, OptimizerConfig, ScheduleConfig

CONFIGS = [OptimizerConfig, ScheduleConfig, ClippingConfig, AveragingConfig]


@pytest.mark.parametrize("kind", CONFIGS, ids=lambda kind: kind.__name__)
def test_config_defaults_survive_encoding(kind: type[Any]) -> None:
    assert decode(kind, asdict(kind()), source="test") == kind()


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (OptimizerConfig, {"learning_rate": 0.0}, "learning_rate is 0.0; it must be above 0"),
        (OptimizerConfig, {"weight_decay": -1.0}, "weight_decay is -1.0; it must be at least 0"),
        (OptimizerConfig, {"momentum": 1.0}, "momentum is 1.0; it must be .* at most 0.99999"),
        (OptimizerConfig, {"beta1": -0.1}, "beta1 is -0.1; it must be at least 0"),
        (OptimizerConfig, {"beta2": 1.0}, "beta2 is 1.0; it must be .* at most 0.99999"),
        (ScheduleConfig, {"warmup_share": 1.5}, "warmup_share is 1.5; .* at most 1"),
        (ScheduleConfig, {"final_share": -0.5}, "final_share is -0.5; it must be at least 0"),
        (ScheduleConfig, {"plateau_factor": 0.0}, "plateau_factor is 0.0; it must be above 0"),
        (ScheduleConfig, {"plateau_patience": 0}, "plateau_patience is 0; it must be at least 1"),
        (ClippingConfig, {"threshold": 0.0}, "threshold is 0.0; it must be above 0"),
        (ClippingConfig, {"factor": 0.4}, "factor is 0.4; it must be at least 0.5 and at most 10"),
        (ClippingConfig, {"state_threshold": 0.0}, "state_threshold is 0.0; it must be above 0"),
        (AveragingConfig, {"decay": 1.0}, "decay is 1.0; it must be .* at most 0.99999"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_config_out_of_range_is_refused(
    kind: type[Any], values: dict[str, float], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        kind(**values)


@pytest.mark.parametrize("kind", CONFIGS[:3], ids=lambda kind: kind.__name__)
def test_config_unknown_kind_is_refused(kind: type[Any]) -> None:
    with pytest.raises(ConfigError, match="test: kind is 'zzz'"):
        decode(kind, {"kind": "zzz"}, source="test")
