from typing import Any

import pytest

from fakes import network_spec
from nextword.base import ConfigError, decode, encode
from nextword.families import ConvolutionalConfig, RegularizationConfig, WindowConfig
from nextword.families.window import ConcatenatedLayers, ConvolutionalLayers
from nextword.recurrent import layer_backends

CONFIGS = [WindowConfig, ConvolutionalConfig]


@pytest.mark.parametrize("kind", CONFIGS)
def test_window_config_defaults_survive_encoding(kind: type[Any]) -> None:
    assert decode(kind, encode(kind()), source="test") == kind()


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("name", ["window", "num_layers", "hidden_size", "embedding_size"])
def test_window_config_number_below_one_is_refused(kind: type[Any], name: str) -> None:
    with pytest.raises(ConfigError, match=rf"model\.{name} is 0; it must be at least 1"):
        kind(**{name: 0})


@pytest.mark.parametrize("name", ["kernel_size", "num_channels", "pool_size"])
def test_convolutional_config_number_below_one_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"model\.{name} is 0; it must be at least 1"):
        ConvolutionalConfig(**{name: 0})  # type: ignore[arg-type]


def test_convolutional_config_that_does_not_fit_its_window_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.window is 3, .* cover 5 positions"):
        ConvolutionalConfig(window=3, kernel_size=5)


@pytest.mark.parametrize(
    ("config", "family", "layers"),
    [
        (WindowConfig(hidden_size=4), "window", ConcatenatedLayers),
        (ConvolutionalConfig(hidden_size=4), "convolutional", ConvolutionalLayers),
    ],
)
def test_window_build_gives_the_family_asked_for(
    config: WindowConfig | ConvolutionalConfig, family: str, layers: type
) -> None:
    model = config.build(
        network_spec(
            vocab_size=7, boundary_id=1, never_ids=(0,), regularization=RegularizationConfig()
        )
    )

    assert model.family == family
    assert isinstance(model.layers, layers)
    assert layer_backends(model) == ()


@pytest.mark.parametrize("kind", CONFIGS)
def test_window_build_with_a_backend_is_refused(kind: type[Any]) -> None:
    with pytest.raises(ConfigError, match=r"training\.backend is 'aten', but a .* model has no"):
        kind().build(
            network_spec(
                vocab_size=7,
                boundary_id=1,
                never_ids=(),
                regularization=RegularizationConfig(),
                backend="aten",
            )
        )
