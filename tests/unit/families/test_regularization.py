import pytest

from nextword.base import ConfigError, decode, encode
from nextword.families import RegularizationConfig
from nextword.recurrent import ActivationPenalty

SHARES = [
    "input_dropout",
    "layer_dropout",
    "output_dropout",
    "embedding_dropout",
    "recurrent_dropout",
    "weight_dropout",
    "zoneout_hidden",
    "zoneout_cell",
]
PRICES = ["activation_penalty", "temporal_penalty"]
RECURRENT = [*SHARES[4:], *PRICES]


def test_regularization_config_defaults_survive_encoding() -> None:
    defaults = RegularizationConfig()

    assert decode(RegularizationConfig, encode(defaults), source="test") == defaults


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("value", [-0.1, 0.96])
def test_regularization_config_share_outside_is_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"{name} is {value}; it must be at least 0 and at most"):
        RegularizationConfig(**{name: value})


@pytest.mark.parametrize("name", PRICES)
def test_regularization_config_negative_price_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name} is -1\.0; it must be at least 0"):
        RegularizationConfig(**{name: -1.0})


def test_regularization_config_gives_what_disturbs_the_recurrence() -> None:
    config = RegularizationConfig(
        recurrent_dropout=0.1, weight_dropout=0.2, zoneout_hidden=0.3, zoneout_cell=0.4
    )

    regularizer = config.regularizer

    assert (regularizer.recurrent_dropout, regularizer.weight_dropout) == (0.1, 0.2)
    assert (regularizer.zoneout_hidden, regularizer.zoneout_cell) == (0.3, 0.4)


def test_regularization_config_gives_its_penalty() -> None:
    config = RegularizationConfig(activation_penalty=2.0, temporal_penalty=1.0)

    assert config.penalty == ActivationPenalty(activation=2.0, temporal=1.0)


@pytest.mark.parametrize("name", RECURRENT)
def test_regularization_config_without_a_recurrence_is_refused(name: str) -> None:
    config = RegularizationConfig(**{name: 0.5})

    with pytest.raises(ConfigError, match=rf"{name} is 0\.5, but a window model has") as caught:
        config.require_not_recurrent("window")

    assert caught.value.help == f"Leave regularization.{name} out."


def test_regularization_config_of_dropout_alone_suits_every_family() -> None:
    RegularizationConfig(**dict.fromkeys(SHARES[:4], 0.5)).require_not_recurrent("window")
