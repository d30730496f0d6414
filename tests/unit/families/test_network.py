import pytest

from fakes import network_spec
from nextword.base import ConfigError
from nextword.families import (
    RegularizationConfig,
    build_token_layers,
    input_size,
    require_no_recurrence,
)
from nextword.layers import EmbeddingConfig, OutputConfig, TokenLayers

ADAPTIVE = OutputConfig(kind="adaptive", cutoffs=(8, 20))
ONE_HOT = EmbeddingConfig(kind="one_hot")


def layers_of(
    *,
    embedding: EmbeddingConfig | None = None,
    output: OutputConfig | None = None,
    tied: bool = True,
    **regularization: float,
) -> TokenLayers:
    network = network_spec(
        100,
        regularization=RegularizationConfig(**regularization),  # type: ignore[arg-type]
        embedding=embedding,
        output=output,
    )
    return build_token_layers(network, tied=tied)


def test_token_layers_have_the_dropout_of_the_settings() -> None:
    layers = layers_of(
        input_dropout=0.1, output_dropout=0.2, embedding_dropout=0.3, layer_dropout=0.4
    )

    assert (layers.input_dropout, layers.output_dropout, layers.embedding_dropout) == (
        0.1,
        0.2,
        0.3,
    )


@pytest.mark.parametrize(("tied", "expected"), [(True, (8, 20)), (False, ())])
def test_token_layers_have_the_cutoffs_of_a_tied_adaptive_output(
    tied: bool, expected: tuple[int, ...]
) -> None:
    assert layers_of(output=ADAPTIVE, tied=tied).cutoffs == expected


def test_token_layers_pretrained_vectors_of_one_width_are_refused() -> None:
    vectors = EmbeddingConfig(kind="pretrained", path="vectors.txt")

    with pytest.raises(ConfigError, match=r"output is adaptive and model\.tied is true") as caught:
        layers_of(output=ADAPTIVE, embedding=vectors)

    assert caught.value.help == "Set model.tied=false, or another output.kind."


@pytest.mark.parametrize(("given", "expected"), [(None, 5), (3, 3)])
def test_input_size_is_the_default_where_none_is_given(given: int | None, expected: int) -> None:
    assert input_size(layers_of(), given, default=5) == expected


def test_input_size_of_one_hot_vectors_is_the_vocabularys() -> None:
    assert input_size(layers_of(embedding=ONE_HOT, tied=False), None, default=5) == 100


def test_input_size_of_one_hot_vectors_that_is_given_is_refused() -> None:
    layers = layers_of(embedding=ONE_HOT, tied=False)

    with pytest.raises(ConfigError, match=r"embedding_size is 3, but one-hot .* 100") as caught:
        input_size(layers, 3, default=5)

    assert caught.value.help == "Leave model.embedding_size out, or choose another embedding.kind."


def test_require_no_recurrence_takes_the_defaults() -> None:
    require_no_recurrence(network_spec(), family="window")


def test_require_no_recurrence_backend_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"backend is 'aten', but a window model") as caught:
        require_no_recurrence(network_spec(backend="aten"), family="window")

    assert caught.value.help == "Leave training.backend out."


def test_require_no_recurrence_recurrent_regularizer_is_refused() -> None:
    network = network_spec(regularization=RegularizationConfig(zoneout_cell=0.5))

    with pytest.raises(ConfigError, match=r"zoneout_cell is 0\.5, but a window model has"):
        require_no_recurrence(network, family="window")
