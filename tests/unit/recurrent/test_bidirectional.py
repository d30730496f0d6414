import pytest
import torch
from torch import Tensor, nn

from nextword.base import ShapeError
from nextword.cells import GruCell, LstmCell
from nextword.layers import Dropout
from nextword.recurrent import BidirectionalStack, RecurrentRegularizer, reverse

LENGTHS = [5, 2, 0]


def two_layers(**options: object) -> BidirectionalStack:
    torch.manual_seed(0)
    stack = BidirectionalStack(
        [LstmCell(3, 4), GruCell(6, 3)], [GruCell(3, 2), LstmCell(6, 3)], **options
    )  # type: ignore[arg-type]
    return stack.double()


def made_up() -> Tensor:
    return torch.randn(3, 5, 3, dtype=torch.float64)


def as_torch(cell: LstmCell | GruCell, layer: nn.RNNBase, suffix: str) -> None:
    """Put a cell's weights into one direction of torch's layer."""
    second_bias = torch.zeros_like(cell.bias)
    if isinstance(cell, GruCell):
        second_bias[2 * cell.hidden_size :] = cell.recurrent_bias
    named = {
        "weight_ih": cell.weight_ih,
        "weight_hh": cell.weight_hh,
        "bias_ih": cell.bias,
        "bias_hh": second_bias,
    }
    with torch.no_grad():
        for name, weight in named.items():
            getattr(layer, f"{name}_l0{suffix}").copy_(weight)


@pytest.mark.peer
@pytest.mark.parametrize("kind", [LstmCell, GruCell], ids=["lstm", "gru"])
def test_bidirectional_over_ragged_rows_equals_torch(kind: type[LstmCell | GruCell]) -> None:
    cells = kind(3, 4), kind(3, 4)
    stack = BidirectionalStack([cells[0]], [cells[1]]).double()
    torch_kind = nn.LSTM if kind is LstmCell else nn.GRU
    layer = torch_kind(3, 4, bidirectional=True, batch_first=True).double()
    as_torch(cells[0], layer, "")
    as_torch(cells[1], layer, "_reverse")
    inputs, lengths = made_up(), torch.tensor([5, 2, 1])

    outputs, ((ahead, back),) = stack(inputs, lengths)

    packed = nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True)
    expected, final = layer(packed)
    expected, _ = nn.utils.rnn.pad_packed_sequence(expected, batch_first=True, total_length=5)
    torch.testing.assert_close(outputs, expected, rtol=1e-10, atol=1e-12)
    hidden = final[0] if kind is LstmCell else final
    torch.testing.assert_close(torch.stack([ahead[0], back[0]]), hidden, rtol=1e-10, atol=1e-12)


def test_bidirectional_padding_changes_nothing() -> None:
    stack, inputs = two_layers(), made_up()

    outputs, final = stack(inputs, torch.tensor(LENGTHS))

    for row, length in enumerate(LENGTHS):
        alone, alone_final = stack(inputs[row : row + 1, :length])
        torch.testing.assert_close(outputs[row, :length], alone[0])
        assert not outputs[row, length:].any()
        for pair, alone_pair in zip(final, alone_final, strict=True):
            for state, alone_state in zip(pair, alone_pair, strict=True):
                torch.testing.assert_close(
                    [part[row] for part in state], [part[0] for part in alone_state]
                )


def test_bidirectional_outputs_depend_on_both_sides() -> None:
    stack, inputs = two_layers(), made_up().requires_grad_()

    outputs, _ = stack(inputs)
    (gradient,) = torch.autograd.grad(outputs[0, 2].sum(), inputs)

    assert gradient[0].abs().sum(dim=1).min() > 0
    assert not gradient[1:].any()


def test_bidirectional_reversed_text_with_directions_swapped_gives_the_same_reversed() -> None:
    stack, inputs = two_layers(), made_up()
    ahead, back = stack.forward_layers[0].layers[0], stack.backward_layers[0].layers[0]
    one = BidirectionalStack([ahead], [back])
    swapped = BidirectionalStack([back], [ahead])

    outputs, _ = one(inputs)
    turned, _ = swapped(inputs.flip(1))

    torch.testing.assert_close(turned.flip(1), torch.cat([outputs[..., 4:], outputs[..., :4]], 2))


def test_bidirectional_backends_agree() -> None:
    inputs, lengths = made_up(), torch.tensor(LENGTHS)

    results = [two_layers(backend=name)(inputs, lengths) for name in ("hoisted", "reference")]

    torch.testing.assert_close(results[0], results[1], rtol=1e-9, atol=1e-12)


def test_bidirectional_dropout_between_touches_what_is_handed_up_alone() -> None:
    stack = two_layers(dropout_between=torch.zeros_like)

    outputs, final = stack(made_up())

    assert final[0][0][0].abs().min() > 0
    assert torch.equal(outputs[0], outputs[1])


def test_bidirectional_regularizer_acts_in_training_alone() -> None:
    stack = two_layers(regularizer=RecurrentRegularizer(weight_dropout=0.5))
    inputs = made_up()

    assert not torch.equal(stack.train()(inputs)[0], stack(inputs)[0])
    assert torch.equal(stack.eval()(inputs)[0], stack(inputs)[0])


def test_bidirectional_dropout_follows_the_mode() -> None:
    stack, inputs = two_layers(dropout_between=Dropout(0.5)), made_up()

    assert not torch.equal(stack.train()(inputs)[0], stack(inputs)[0])
    assert torch.equal(stack.eval()(inputs)[0], stack(inputs)[0])


@pytest.mark.parametrize(
    ("ahead", "back", "message"),
    [
        ([], [], "there are 0 cells forwards and 0 backwards"),
        ([(3, 4)], [(3, 4), (8, 4)], "there are 1 cells forwards and 2 backwards"),
        ([(3, 4)], [(2, 4)], "a layer has input size 3 forwards and 2 backwards"),
        (
            [(3, 4), (4, 2)],
            [(3, 4), (4, 2)],
            "input size 4, but the layer below it has output size 8",
        ),
    ],
    ids=["none", "unequal", "inputs", "between"],
)
def test_bidirectional_sizes_that_do_not_fit_are_refused(
    ahead: list[tuple[int, int]], back: list[tuple[int, int]], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        BidirectionalStack([LstmCell(*s) for s in ahead], [LstmCell(*s) for s in back])


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["all", "ragged"])
def test_reverse_twice_is_nothing(lengths: list[int] | None) -> None:
    rows, counted = made_up(), None if lengths is None else torch.tensor(lengths)

    assert torch.equal(reverse(reverse(rows, counted), counted), rows)
    assert not torch.equal(reverse(rows, counted), rows)
