import torch

from fakes import network_spec
from nextword.families import MaxEntConfig, RecurrentConfig, RegularizationConfig, WindowConfig
from nextword.models import NeuralLanguageModel
from nextword.training.language_modeling.recorded_outputs import recorded_outputs

IDS = torch.tensor([[1, 2, 3], [3, 2, 1]])
NETWORK = network_spec(regularization=RegularizationConfig(output_dropout=0.5))


def read(model: NeuralLanguageModel) -> torch.Tensor:
    return model.hidden(IDS, model.initial_state(2))[0]


def test_recorded_outputs_are_those_before_and_after_dropout() -> None:
    model = RecurrentConfig(hidden_size=4).build(NETWORK)
    without_dropout = read(model.eval())

    with recorded_outputs(model.train()) as recorded:
        hidden = read(model)

    [(outputs, dropped)] = recorded
    assert torch.equal(outputs, without_dropout)
    assert torch.equal(dropped, hidden)
    assert not torch.equal(outputs, dropped)


def test_recorded_outputs_end_with_the_block() -> None:
    model = RecurrentConfig(hidden_size=4).build(NETWORK)

    with recorded_outputs(model) as recorded:
        pass
    read(model)

    assert recorded == []


def test_recorded_outputs_are_found_inside_a_model() -> None:
    model = MaxEntConfig(hidden_size=4, table_size=64).build(NETWORK)

    with recorded_outputs(model) as recorded:
        read(model)

    assert len(recorded) == 1


def test_recorded_outputs_of_a_model_without_recurrence_are_none() -> None:
    model = WindowConfig(hidden_size=4).build(NETWORK)

    with recorded_outputs(model) as recorded:
        read(model)

    assert recorded == []
