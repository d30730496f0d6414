from dataclasses import fields

import pytest
import torch

from fakes import vocabulary_spec
from nextword.base import ConfigError, ShapeError
from nextword.cells import ElmanCell, LstmCell
from nextword.families import RecurrentLanguageModel
from nextword.layers import TokenLayers
from nextword.recurrent import RecurrentRegularizer

#: Options of the token layers; the others are the model's.
TOKEN_LAYERS = {field.name for field in fields(TokenLayers)}


def make(
    *, cells: list[LstmCell | ElmanCell] | None = None, **options: object
) -> RecurrentLanguageModel:
    torch.manual_seed(0)
    of_token_layers = {name: options.pop(name) for name in TOKEN_LAYERS & set(options)}
    return RecurrentLanguageModel(
        TokenLayers(vocabulary=vocabulary_spec(), **of_token_layers),  # type: ignore[arg-type]
        cells=cells if cells is not None else [LstmCell(4, 4)],
        **options,  # type: ignore[arg-type]
    )


IDS = torch.tensor([[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]])


def hidden_of(model: RecurrentLanguageModel) -> torch.Tensor:
    return model.hidden(IDS, model.initial_state(2))[0]


def test_recurrent_tied_table_is_the_outputs_weight() -> None:
    model = make()

    assert model.output.weight is model.embedding


def test_recurrent_tied_sizes_that_differ_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.tied needs equal sizes") as caught:
        make(cells=[LstmCell(3, 4)])

    assert caught.value.help == "Set them equal, or --set model.tied=false."


def test_recurrent_layers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(
        ShapeError, match="a layer has input size 5, but the layer below it has output size 4"
    ):
        make(cells=[LstmCell(4, 4), LstmCell(5, 4)])


def test_recurrent_dropout_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"a dropout probability is 1\.0"):
        make(output_dropout=1.0)


def test_recurrent_backend_is_handed_on() -> None:
    model = make(backend="reference")

    assert [backend.name for backend in model.core.backends] == ["reference"]


def test_recurrent_state_names_every_layers_parts() -> None:
    state = make(cells=[LstmCell(4, 5), ElmanCell(5, 4)]).initial_state(3)

    assert {name: tuple(part.shape) for name, part in state.tensors.items()} == {
        "layer_0.hidden_state": (3, 5),
        "layer_0.cell_state": (3, 5),
        "layer_1.hidden_state": (3, 4),
    }
    assert not any(part.any() for part in state.tensors.values())


def test_recurrent_distribution_is_the_softmax_of_the_lectures() -> None:
    model = make(tied=False)

    log_probs, _ = model.next_log_probs(IDS, model.initial_state(2))

    scores = hidden_of(model) @ model.output.weight.T + model.output.bias
    scores[..., 0] = -torch.inf
    torch.testing.assert_close(log_probs, scores.log_softmax(-1))


@pytest.mark.parametrize("name", ["input_dropout", "output_dropout", "embedding_dropout"])
def test_recurrent_dropout_acts_in_training_alone(name: str) -> None:
    model = make(**{name: 0.5})

    assert not torch.equal(hidden_of(model.train()), hidden_of(model))
    assert torch.equal(hidden_of(model.eval()), hidden_of(make().eval()))


def test_recurrent_layer_dropout_acts_between_layers() -> None:
    model = make(cells=[LstmCell(4, 4), LstmCell(4, 4)], layer_dropout=0.5).train()

    assert not torch.equal(hidden_of(model), hidden_of(model))


def test_recurrent_gradient_flows_back_through_a_carried_state() -> None:
    model = make(tied=False)
    state = model.advance(torch.tensor([[2]]), model.initial_state(1))

    model.nll(torch.tensor([[3]]), torch.tensor([[4]]), state)[0].sum().backward()

    assert model.embedding.grad is not None
    assert model.embedding.grad[2].any()


def test_recurrent_detached_state_stops_the_gradient() -> None:
    model = make(tied=False)
    state = model.advance(torch.tensor([[2]]), model.initial_state(1)).detach()

    model.nll(torch.tensor([[3]]), torch.tensor([[4]]), state)[0].sum().backward()

    assert model.embedding.grad is not None
    assert not model.embedding.grad[2].any()


def test_recurrent_learnt_initial_state_is_where_reading_begins() -> None:
    cell = LstmCell(4, 4)
    cell.learn_initial_state()
    with torch.no_grad():
        cell.get_parameter("initial_hidden_state").fill_(0.5)
    model = make(cells=[cell])

    state = model.initial_state(3)

    assert (state.tensors["layer_0.hidden_state"] == 0.5).all()


def test_recurrent_learnt_initial_state_gets_gradient_where_reading_begins_anew() -> None:
    cell = LstmCell(4, 4)
    cell.learn_initial_state()
    model = make(cells=[cell])
    state = model.advance(IDS, model.initial_state(2)).detach()

    begun = state.reset(torch.tensor([False, True]))
    model.nll(IDS, IDS, begun)[0].sum().backward()

    gradient = cell.get_parameter("initial_cell_state").grad
    assert gradient is not None
    assert gradient.any()


def test_recurrent_zoneout_is_part_of_the_fingerprint() -> None:
    zoned = make(regularizer=RecurrentRegularizer(zoneout_hidden=0.5))

    assert zoned.fingerprint() != make().fingerprint()
