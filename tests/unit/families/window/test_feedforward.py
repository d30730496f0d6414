"""Bengio's layers against a loop that builds u at every position."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nextword.base import ConfigError
from nextword.families.window import ConcatenatedLayers

BATCH, TIME, WIDTH = 2, 6, 3
SIGMAS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
}


def make(**options: object) -> ConcatenatedLayers:
    torch.manual_seed(0)
    arguments = {"window": 4, **options}
    return ConcatenatedLayers(WIDTH, 5, **arguments).double()  # type: ignore[arg-type]


def vectors(window: int = 4) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(BATCH, window - 1 + TIME, WIDTH, dtype=torch.float64)


def by_hand(layers: ConcatenatedLayers, embeddings: Tensor) -> Tensor:
    """Build u for one position of one row at a time."""
    sigma = SIGMAS[layers.nonlinearity]
    rows = []
    for row in embeddings:
        outputs = []
        for time in range(TIME):
            u = torch.cat(list(row[time : time + layers.window]))
            h = sigma(layers.first.weight @ u + layers.first.bias)
            for layer in layers.above:
                h = sigma(layer.weight @ h + layer.bias)  # type: ignore[operator]
            outputs.append(h)
        rows.append(torch.stack(outputs))
    return torch.stack(rows)


@pytest.mark.parametrize("nonlinearity", SIGMAS)
@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("window", [1, 2, 4])
def test_concatenated_equals_a_loop_over_positions(
    window: int, num_layers: int, nonlinearity: str
) -> None:
    layers = make(window=window, num_layers=num_layers, nonlinearity=nonlinearity)

    hidden = layers(vectors(window))

    torch.testing.assert_close(hidden, by_hand(layers, vectors(window)), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("fault", ["newest first", "one too old"])
def test_concatenated_parity_sees_a_planted_fault(fault: str) -> None:
    layers, embeddings = make(), vectors()
    hidden = layers(embeddings.flip(1) if fault == "newest first" else embeddings.roll(1, 1))

    assert not torch.allclose(hidden, by_hand(layers, embeddings), rtol=1e-3)


def test_concatenated_gradients_are_right_in_float64() -> None:
    layers = make(num_layers=2)
    embeddings = vectors().requires_grad_()
    weights = list(layers.parameters())

    assert torch.autograd.gradcheck(lambda read, *_: layers(read), (embeddings, *weights))


@pytest.mark.parametrize("window", [1, 3, 8])
def test_concatenated_w_is_hidden_by_window_times_input(window: int) -> None:
    layers = make(window=window)

    assert layers.first.weight.shape == (5, window * WIDTH)


def test_concatenated_dropout_stands_between_layers() -> None:
    embeddings, dropout = vectors(), torch.nn.Dropout(0.5)
    one, three = (make(num_layers=number, dropout_between=dropout) for number in (1, 3))

    assert torch.equal(one(embeddings), one(embeddings))
    assert not torch.equal(three(embeddings), three(embeddings))


@pytest.mark.parametrize("name", ["window", "num_layers"])
def test_concatenated_number_below_one_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is 0; it must be at least 1"):
        make(**{name: 0})
