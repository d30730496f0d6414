import torch

from nextword.cells import LayerNormLstmCell, LayerNormLstmState, LstmCell


def made_up(batch_size: int = 4) -> tuple[torch.Tensor, LayerNormLstmState]:
    torch.manual_seed(0)
    state = LayerNormLstmState(
        hidden_state=torch.randn(batch_size, 8), cell_state=torch.randn(batch_size, 8)
    )
    return torch.randn(batch_size, 3), state


def test_layer_norm_lstm_num_parameters_is_10m_more_than_an_lstm() -> None:
    counts = [
        sum(parameter.numel() for parameter in cell.parameters())
        for cell in (LayerNormLstmCell(5, 3), LstmCell(5, 3))
    ]

    assert counts[0] == counts[1] + 10 * 3


def test_layer_norm_lstm_does_not_see_the_scale_of_its_matrices() -> None:
    inputs, state = made_up()
    cell = LayerNormLstmCell(3, 8)
    before, _ = cell.step(inputs, state)

    with torch.no_grad():
        cell.weight_ih.mul_(50.0)
        cell.weight_hh.mul_(20.0)
    after, _ = cell.step(inputs, state)

    torch.testing.assert_close(after, before, rtol=1e-3, atol=1e-3)


def test_layer_norm_lstm_by_hand() -> None:
    inputs, state = made_up()
    cell = LayerNormLstmCell(3, 8)
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter)

    outputs, after = cell.step(inputs, state)

    def normal(values: torch.Tensor) -> torch.Tensor:
        variance = values.var(dim=1, keepdim=True, correction=0)
        return (values - values.mean(dim=1, keepdim=True)) / (variance + 1e-5).sqrt()

    gates = cell.gain_ih * normal(inputs @ cell.weight_ih.T)
    gates = gates + cell.gain_hh * normal(state.hidden_state @ cell.weight_hh.T) + cell.bias
    i, f, g, o = gates.chunk(4, dim=1)
    c = f.sigmoid() * state.cell_state + i.sigmoid() * g.tanh()
    h = o.sigmoid() * (cell.gain_cell * normal(c) + cell.bias_cell).tanh()
    torch.testing.assert_close(after.cell_state, c)
    torch.testing.assert_close(outputs, h)


def test_layer_norm_lstm_normalises_in_float32_under_autocast() -> None:
    cell = LayerNormLstmCell(3, 8)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert cell.input_gates(torch.randn(4, 3)).dtype == torch.float32
