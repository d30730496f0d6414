import dataclasses
import re
from typing import Any

import pytest

from fakes import network_spec
from nextword.base import ConfigError, decode, encode
from nextword.families import MaxEntConfig, RecurrentConfig, RegularizationConfig
from nextword.layers import sparse_parameters


def test_maxent_config_survives_encoding() -> None:
    config = MaxEntConfig(cell="gru", order=3, table_size=100, min_count=2)

    assert decode(MaxEntConfig, encode(config), source="test") == config


def test_maxent_config_takes_every_key_of_the_recurrent_one() -> None:
    recurrent = {f.name: f.default for f in dataclasses.fields(RecurrentConfig)}
    maxent = {f.name: f.default for f in dataclasses.fields(MaxEntConfig)}

    assert recurrent.pop("family") == "recurrent"
    assert recurrent.items() <= maxent.items()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"order": 0}, "model.order is 0; it must be at least 1 and at most 9."),
        ({"order": 10}, "model.order is 10; it must be at least 1 and at most 9."),
        ({"table_size": 0}, "model.table_size is 0; it must be at least 1."),
        ({"table_size": -5}, "model.table_size is -5; it must be at least 1."),
        ({"min_count": 0}, "model.min_count is 0; it must be at least 1."),
        ({"hidden_size": 0}, "hidden_size is 0; it must be at least 1."),
    ],
)
def test_maxent_config_value_out_of_range_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        MaxEntConfig(**values)


def test_maxent_config_unknown_key_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="unknown setting 'tablesize'") as refused:
        decode(MaxEntConfig, {"tablesize": 3}, source="test")

    assert refused.value.help == "Did you mean 'table_size'?"


def test_build_gives_network_and_table_of_the_sizes_asked_for() -> None:
    config = MaxEntConfig(cell="elman", num_layers=2, hidden_size=4, order=3, table_size=50)

    model = config.build(
        network_spec(
            vocab_size=7, boundary_id=3, never_ids=(0, 2), regularization=RegularizationConfig()
        )
    )

    alone = RecurrentConfig(cell="elman", num_layers=2, hidden_size=4).build(
        network_spec(
            vocab_size=7, boundary_id=3, never_ids=(0, 2), regularization=RegularizationConfig()
        )
    )
    assert model.num_parameters == alone.num_parameters + 50
    assert model.features.order == 3
    assert sparse_parameters(model) == (model.features.weight,)


def test_build_table_smaller_than_the_vocabulary_is_refused() -> None:
    config = MaxEntConfig(hidden_size=4, table_size=50)

    with pytest.raises(ConfigError, match=r"model\.table_size is 50, but .* 51 slots"):
        config.build(
            network_spec(
                vocab_size=51,
                boundary_id=3,
                never_ids=(0, 2),
                regularization=RegularizationConfig(),
            )
        )
