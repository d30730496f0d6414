"""Settings of the Transformer: what they refuse."""

from typing import Any

import pytest

from fakes import network_spec
from nextword.base import ConfigError
from nextword.families import RegularizationConfig, TransformerConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_layers": 0}, r"model\.num_layers is 0"),
        ({"num_heads": 0}, r"model\.num_heads is 0"),
        ({"context_size": 0}, r"model\.context_size is 0"),
        ({"feedforward_size": 0}, r"model\.feedforward_size is 0"),
        ({"embedding_size": 0}, r"model\.embedding_size is 0"),
        (
            {"hidden_size": 250, "num_heads": 4},
            r"hidden_size is 250, which is not divisible by model\.num_heads, 4.*hidden_size=248",
        ),
    ],
)
def test_transformer_config_out_of_range_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TransformerConfig(**settings)


def test_transformer_config_with_a_backend_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"backend is 'aten', but a transformer model has no"):
        TransformerConfig().build(
            network_spec(
                vocab_size=9,
                boundary_id=3,
                never_ids=(0, 2),
                regularization=RegularizationConfig(),
                backend="aten",
            )
        )


def test_transformer_config_with_a_recurrent_regulariser_is_refused() -> None:
    with pytest.raises(ConfigError, match="zoneout_hidden"):
        TransformerConfig().build(
            network_spec(
                vocab_size=9,
                boundary_id=3,
                never_ids=(0, 2),
                regularization=RegularizationConfig(zoneout_hidden=0.1),
            )
        )


def test_transformer_config_feedforward_is_four_times_as_wide_when_not_given() -> None:
    model = TransformerConfig(hidden_size=8, num_heads=2).build(
        network_spec(
            vocab_size=9, boundary_id=3, never_ids=(0, 2), regularization=RegularizationConfig()
        )
    )

    assert {layer.widening.out_features for layer in model.layers.layers} == {32}
