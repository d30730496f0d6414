"""Convolution and pooling against loops over positions and against torch's own convolution."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from nextword.base import ConfigError
from nextword.families.window import ConvolutionalLayers, pool_groups, pooled

BATCH, TIME, WIDTH, WINDOW = 2, 6, 3, 7


def make(**options: object) -> ConvolutionalLayers:
    torch.manual_seed(0)
    arguments = {"window": WINDOW, "kernel_size": 2, "pool_size": 3, **options}
    return ConvolutionalLayers(WIDTH, num_channels=4, hidden_size=5, **arguments).double()  # type: ignore[arg-type]


def vectors() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(BATCH, WINDOW - 1 + TIME, WIDTH, dtype=torch.float64)


def by_hand(layers: ConvolutionalLayers, embeddings: Tensor) -> Tensor:
    """Convolve and pool the window of each position by itself, with torch's convolution."""
    outputs = []
    for time in range(TIME):
        window = embeddings[:, time : time + WINDOW]
        for filters in layers.filters:
            weight = filters.weight.view(4, layers.kernel_size, -1).transpose(1, 2)  # type: ignore[operator, union-attr]
            convolved = functional.conv1d(window.transpose(1, 2), weight, filters.bias)  # type: ignore[arg-type]
            window = convolved.transpose(1, 2).tanh()
        groups = window.split(layers.pool_size, dim=1)
        pools = [g.amax(1) if layers.pooling == "max" else g.mean(1) for g in groups]
        u = torch.cat(pools, dim=1)
        outputs.append((u @ layers.reading.first.weight.T + layers.reading.first.bias).tanh())
    return torch.stack(outputs, dim=1)


@pytest.mark.parametrize("pooling", ["max", "mean"])
@pytest.mark.parametrize(
    ("num_layers", "kernel_size", "pool_size"),
    [(1, 2, 3), (1, 2, None), (1, 7, 1), (2, 2, 1), (2, 3, 3), (3, 2, 2)],
)
def test_convolutional_equals_a_loop_over_windows(
    num_layers: int, kernel_size: int, pool_size: int | None, pooling: str
) -> None:
    layers = make(
        num_layers=num_layers, kernel_size=kernel_size, pool_size=pool_size, pooling=pooling
    )

    hidden = layers(vectors())

    torch.testing.assert_close(hidden, by_hand(layers, vectors()), rtol=1e-12, atol=1e-14)


def test_convolutional_parity_sees_the_other_pooling() -> None:
    layers = make(pooling="max")
    expected = by_hand(layers, vectors())

    layers.pooling = "mean"

    assert not torch.allclose(layers(vectors()), expected, rtol=1e-3)


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_convolutional_gradients_are_right_in_float64(pooling: str) -> None:
    layers = make(num_layers=2, pool_size=5, pooling=pooling)
    embeddings = vectors().requires_grad_()
    weights = list(layers.parameters())

    assert torch.autograd.gradcheck(lambda read, *_: layers(read), (embeddings, *weights))


def test_convolutional_filters_do_not_grow_with_the_window() -> None:
    sizes = {make(window=size, pool_size=None).filters[0].weight.shape for size in (3, 7, 30)}  # type: ignore[union-attr]

    assert sizes == {(4, 2 * WIDTH)}


def test_convolutional_full_pooling_forgets_the_order() -> None:
    layers = make(kernel_size=1, pool_size=None)
    embeddings = vectors()[:, :WINDOW]

    torch.testing.assert_close(layers(embeddings.flip(1)), layers(embeddings))


def test_pooled_gives_max_and_mean_of_neighbours() -> None:
    sequence = torch.tensor([[[1.0], [5.0], [3.0], [2.0]]])

    assert pooled(sequence, pool_size=2, pooling="max").flatten().tolist() == [5.0, 5.0, 3.0]
    assert pooled(sequence, pool_size=4, pooling="mean").flatten().tolist() == [2.75]


@pytest.mark.parametrize(
    ("window", "num_layers", "kernel_size", "pool_size", "expected"),
    [(7, 1, 2, None, (1, 6)), (7, 1, 2, 2, (3, 2)), (7, 2, 3, 1, (3, 1)), (1, 1, 1, 1, (1, 1))],
)
def test_pool_groups_counts_places_wholly_inside_the_window(
    window: int, num_layers: int, kernel_size: int, pool_size: int, expected: tuple[int, int]
) -> None:
    groups = pool_groups(
        window, num_layers=num_layers, kernel_size=kernel_size, pool_size=pool_size
    )

    assert groups == expected


def test_pool_groups_convolutions_beyond_the_window_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.window is 4, .* cover 5 positions") as refused:
        pool_groups(4, num_layers=2, kernel_size=3, pool_size=None)

    assert "model.window=5" in refused.value.help


def test_pool_groups_that_do_not_divide_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"model\.pool_size is 4, which does not divide the 6 positions"
    ):
        pool_groups(7, num_layers=1, kernel_size=2, pool_size=4)
