import numpy as np
import pytest
import torch

from fakes import network_spec, uniform_model
from nextword.base import ConfigError
from nextword.families import RecurrentConfig, RecurrentLanguageModel, WindowConfig
from nextword.inspection.cells import Unit, require_states, unit_states
from nextword.models import model_trace


def network(**settings: object) -> RecurrentLanguageModel:
    torch.manual_seed(0)
    config = RecurrentConfig(**{"hidden_size": 5, "num_layers": 2, **settings})  # type: ignore[arg-type]
    return config.build(network_spec()).eval()


def ids(length: int) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 7, size=length)


@pytest.mark.parametrize("length", [1, 7, 130, 1500])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_states_equal_those_of_a_trace(cell: str, length: int) -> None:
    model = network(cell=cell)
    token_ids = ids(length)

    states = unit_states(model, token_ids)

    read = torch.tensor([[model.boundary_id, *token_ids.tolist()]])
    with torch.no_grad():
        layers = model_trace(model, read).layers
    for number, layer in enumerate(layers, start=1):
        for part, values in layer.states.items():
            for index in (0, 4):
                unit = Unit(layer=number, part=part, index=index)
                expected = values[0, 1:, index].numpy()
                np.testing.assert_allclose(states.of(unit), expected, atol=1e-5)


def test_middle_is_the_state_before_the_second_half() -> None:
    model = network()
    token_ids = ids(9)

    middle = unit_states(model, token_ids).middle

    read = torch.tensor([[model.boundary_id, *token_ids[:4].tolist()]])
    expected = model.advance(read, model.initial_state(1)).tensors
    for name, part in middle.tensors.items():
        torch.testing.assert_close(part, expected[name])


def test_unknown_unit_is_refused() -> None:
    states = unit_states(network(), ids(3))

    with pytest.raises(ConfigError, match="no unit layer 3, cell_state 0"):
        states.of(Unit(layer=3, part="cell_state", index=0))


def test_model_without_layers_is_refused() -> None:
    with pytest.raises(ConfigError, match="family 'constant' has no units"):
        require_states(uniform_model(7))


def test_model_without_states_is_refused() -> None:
    model = WindowConfig(window=3, hidden_size=4).build(network_spec())

    with pytest.raises(ConfigError, match="family 'window' has no states"):
        require_states(model)
