"""The fixed-window model against a loop that builds u at every position; what it cannot see."""

import pytest
import torch
from torch import Tensor

from fakes import network_spec
from nextword.base import ConfigError
from nextword.families import (
    ConvolutionalConfig,
    RegularizationConfig,
    WindowConfig,
    WindowLanguageModel,
)
from nextword.layers import EmbeddingConfig

VOCAB_SIZE, WINDOW = 7, 3
IDS = torch.tensor([[1, 2, 3, 4, 5, 6, 2, 3], [6, 5, 4, 3, 2, 1, 1, 4]])
CONVOLUTIONAL = ConvolutionalConfig(
    window=WINDOW, kernel_size=2, num_channels=4, hidden_size=5, embedding_size=4
)


def make(
    config: WindowConfig | ConvolutionalConfig | None = None,
    embedding: EmbeddingConfig | None = None,
    **regularization: float,
) -> WindowLanguageModel:
    torch.manual_seed(0)
    config = config or window(tied=False)
    model = config.build(
        network_spec(
            vocab_size=VOCAB_SIZE,
            boundary_id=1,
            never_ids=(0,),
            regularization=RegularizationConfig(**regularization),  # type: ignore[arg-type]
            embedding=embedding,
        )
    )
    return model.double()


def window(*, tied: bool = True, direct: bool = False, num_layers: int = 1) -> WindowConfig:
    return WindowConfig(
        window=WINDOW,
        hidden_size=5,
        embedding_size=4,
        tied=tied,
        direct=direct,
        num_layers=num_layers,
    )


def log_probs(model: WindowLanguageModel, token_ids: Tensor = IDS) -> Tensor:
    return model.next_log_probs(token_ids, model.initial_state(len(token_ids)))[0]


def by_hand(model: WindowLanguageModel, token_ids: Tensor) -> Tensor:
    """Build u for one position at a time: ŷ = softmax(Q [h; u] + b), zeros before the text."""
    table, layer = model.embedding, model.layers.first
    assert isinstance(table, Tensor)
    assert isinstance(layer, torch.nn.Linear)
    weight, bias = model.output.weight, model.output.bias
    rows = []
    for row in token_ids:
        vectors = [table.new_zeros(4)] * (WINDOW - 1) + [table[number] for number in row]
        for time in range(len(row)):
            u = torch.cat(vectors[time : time + WINDOW])
            h = torch.tanh(layer.weight @ u + layer.bias)
            h = torch.cat([h, u]) if model.direct else h
            if isinstance(model.projection, torch.nn.Linear):
                h = model.projection.weight @ h
            scores = weight @ h + bias
            scores[0] = -torch.inf
            rows.append(scores.log_softmax(0))
    return torch.stack(rows).view(*token_ids.shape, VOCAB_SIZE)


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("tied", [False, True])
def test_window_equals_a_loop_that_builds_u(tied: bool, direct: bool) -> None:
    model = make(window(tied=tied, direct=direct))

    torch.testing.assert_close(log_probs(model), by_hand(model, IDS), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("fault", ["padding", "direct", "output"])
def test_window_parity_sees_a_planted_fault(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make(window(tied=False, direct=True))
    expected = by_hand(model, IDS)
    if fault == "padding":
        monkeypatch.setattr("nextword.families.window.model.NO_TOKEN", -2)
    elif fault == "direct":
        monkeypatch.setattr(
            "nextword.families.window.model.side_by_side", lambda v, count: v[:, 2:].repeat(1, 1, 3)
        )
    else:
        model.output.bias.data += torch.arange(VOCAB_SIZE)

    assert not torch.allclose(log_probs(model), expected, rtol=1e-3)


@pytest.mark.parametrize("config", [window(num_layers=2, direct=True), CONVOLUTIONAL])
def test_window_is_blind_past_its_edge_to_the_bit(
    config: WindowConfig | ConvolutionalConfig,
) -> None:
    model = make(config).float()
    for edited in range(IDS.shape[1]):
        other = IDS.clone()
        other[:, edited] = other[:, edited] % 6 + 1

        changed = (log_probs(model, other) != log_probs(model)).any(dim=2).any(dim=0)

        seen = torch.zeros(IDS.shape[1], dtype=torch.bool)
        seen[edited : edited + WINDOW] = True
        assert torch.equal(changed, seen)


def test_window_positions_share_nothing() -> None:
    model = make(window(tied=False))
    layer = model.layers.first
    assert isinstance(layer, torch.nn.Linear)
    state = model.initial_state(1)

    model.nll(torch.tensor([[2]]), torch.tensor([[3]]), state)[0].sum().backward()

    assert isinstance(layer.weight.grad, Tensor)
    blocks = layer.weight.grad.view(5, WINDOW, 4)
    assert not blocks[:, :-1].any()
    assert blocks[:, -1].any()


@pytest.mark.parametrize("config", [window(), window(tied=False, direct=True), CONVOLUTIONAL])
def test_window_gradients_are_right_in_float64(
    config: WindowConfig | ConvolutionalConfig,
) -> None:
    model = make(config)
    parameters = list(model.parameters())

    def predicted(*_: Tensor) -> Tensor:
        return log_probs(model, IDS[:, :4])[:, :, 1:]

    assert torch.autograd.gradcheck(predicted, parameters)


def test_window_one_hot_is_the_table_folded_into_w() -> None:
    table = make(window(tied=False))
    one_hot = make(
        WindowConfig(window=WINDOW, hidden_size=5, tied=False), EmbeddingConfig(kind="one_hot")
    )
    assert isinstance(table.embedding, Tensor)
    w = table.layers.first.weight.view(5, WINDOW, 4)  # type: ignore[union-attr, operator]
    with torch.no_grad():
        one_hot.layers.first.weight.copy_((w @ table.embedding.T).flatten(1))  # type: ignore[union-attr, operator]
        one_hot.layers.first.bias.copy_(table.layers.first.bias)  # type: ignore[union-attr, operator, arg-type]
        one_hot.output.load_state_dict(table.output.state_dict())

    torch.testing.assert_close(log_probs(one_hot), log_probs(table))
    assert one_hot.embedding is None


def test_window_one_hot_cannot_be_tied() -> None:
    with pytest.raises(ConfigError, match="needs an embedding table") as refused:
        make(WindowConfig(window=2), EmbeddingConfig(kind="one_hot"))

    assert refused.value.help == "Add --set model.tied=false."


def test_window_w_grows_with_the_window() -> None:
    sizes = [make(WindowConfig(window=size, hidden_size=4)).num_parameters for size in (1, 2, 9)]

    assert sizes[1] - sizes[0] == 4 * 4
    assert sizes[2] - sizes[0] == 8 * 4 * 4


def test_window_reset_rows_begin_with_zeros_again() -> None:
    model = make()
    state = model.advance(IDS, model.initial_state(2)).reset(torch.tensor([True, False]))

    after = model.next_log_probs(IDS, state)[0]

    assert torch.equal(after[0], log_probs(model)[0])
    assert not torch.equal(after[1], log_probs(model)[1])


@pytest.mark.parametrize("name", ["input_dropout", "output_dropout", "embedding_dropout"])
def test_window_dropout_acts_in_training_alone(name: str) -> None:
    model = make(**{name: 0.5})

    assert not torch.equal(log_probs(model.train()), log_probs(model))
    assert torch.equal(log_probs(model.eval()), log_probs(make().eval()))


def test_window_layer_dropout_acts_between_layers() -> None:
    model = make(window(num_layers=2), layer_dropout=0.5).train()

    assert not torch.equal(log_probs(model), log_probs(model))


def test_window_frozen_table_gets_no_gradient() -> None:
    model = make(embedding=EmbeddingConfig(kind="pretrained", frozen=True))

    model.nll(IDS, IDS, model.initial_state(2))[0].sum().backward()

    assert isinstance(model.embedding, Tensor)
    assert model.embedding.grad is None
    assert model.output.weight.grad is not None  # type: ignore[union-attr]
