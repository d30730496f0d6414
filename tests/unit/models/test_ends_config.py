import pytest

from nextword.base import ConfigError
from nextword.layers import EmbeddingConfig, OutputConfig, TokenLayers
from nextword.models import RegularizationConfig
from nextword.models.ends_config import build_token_layers, input_size

ADAPTIVE = OutputConfig(kind="adaptive", cutoffs=(8, 20))
ONE_HOT = EmbeddingConfig(kind="one_hot")


def layers_of(
    *,
    embedding: EmbeddingConfig | None = None,
    output: OutputConfig | None = None,
    tied: bool = True,
    **regularization: float,
) -> TokenLayers:
    return build_token_layers(
        vocab_size=100,
        boundary_id=3,
        never_ids=(0, 2),
        tied=tied,
        regularization=RegularizationConfig(**regularization),  # type: ignore[arg-type]
        embedding=embedding,
        output=output,
    )


def test_network_ends_take_the_shares_that_are_dropped_there() -> None:
    token_layers = layers_of(
        input_dropout=0.1, output_dropout=0.2, embedding_dropout=0.3, layer_dropout=0.4
    )

    assert (
        token_layers.input_dropout,
        token_layers.output_dropout,
        token_layers.embedding_dropout,
    ) == (0.1, 0.2, 0.3)


@pytest.mark.parametrize(("tied", "expected"), [(True, (8, 20)), (False, ())])
def test_network_ends_have_the_cutoffs_of_a_tied_adaptive_output(
    tied: bool, expected: tuple[int, ...]
) -> None:
    assert layers_of(output=ADAPTIVE, tied=tied).cutoffs == expected


def test_network_ends_pretrained_vectors_of_one_width_are_refused() -> None:
    vectors = EmbeddingConfig(kind="pretrained", path="vectors.txt")

    with pytest.raises(ConfigError, match=r"output is adaptive and model\.tied is true") as caught:
        layers_of(output=ADAPTIVE, embedding=vectors)

    assert caught.value.help == "Set model.tied=false, or another output.kind."


@pytest.mark.parametrize(("given", "expected"), [(None, 5), (3, 3)])
def test_input_size_is_the_default_where_none_is_given(given: int | None, expected: int) -> None:
    assert input_size(layers_of(), given, 5) == expected


def test_input_size_of_one_hot_vectors_is_the_vocabularys() -> None:
    assert input_size(layers_of(embedding=ONE_HOT, tied=False), None, 5) == 100


def test_input_size_of_one_hot_vectors_that_is_given_is_refused() -> None:
    token_layers = layers_of(embedding=ONE_HOT, tied=False)

    with pytest.raises(ConfigError, match=r"embedding_size is 3, but one-hot .* 100") as caught:
        input_size(token_layers, 3, 5)

    assert caught.value.help == "Leave model.embedding_size out, or choose another embedding.kind."
