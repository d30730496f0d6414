import numpy as np
import pytest
import torch

from cells import CELLS
from fakes import network_spec, uniform_model
from inspected_models import VOCAB_SIZE, recurrent_model
from nextword.base import ConfigError, DivergedError, VocabularyError
from nextword.families import RecurrentConfig, WindowConfig
from nextword.inspection import unit_values, units_per_layer
from nextword.models import model_trace


def ids(length: int) -> np.ndarray:
    return np.random.default_rng(0).integers(1, VOCAB_SIZE, size=length)


@pytest.mark.parametrize("kind", sorted(CELLS))
def test_values_equal_those_of_a_trace(kind: str) -> None:
    model = recurrent_model(kind, num_layers=2)
    token_ids = ids(9)

    found = unit_values(model, token_ids, layer=1, unit=3, last=4)

    read = torch.tensor([[model.boundary_id, *token_ids.tolist()]])
    with torch.no_grad():
        layer = model_trace(model, read).layers[0]
    parts = {**layer.gates, **layer.states}
    widest = max(part.shape[2] for part in layer.states.values())
    assert list(found.values) == [name for name in parts if parts[name].shape[2] == widest]
    assert found.num_units == units_per_layer(model)[0] == widest
    for name, values in found.values.items():
        np.testing.assert_allclose(values, parts[name][0, -4:, 3].numpy(), atol=1e-6)


@pytest.mark.parametrize("length", [0, 1, 3])
def test_last_may_be_longer_than_the_text(length: int) -> None:
    model = recurrent_model("lstm")

    values = unit_values(model, ids(length), last=5).values

    assert {name: part.shape for name, part in values.items()} == dict.fromkeys(
        ("input_gate", "forget_gate", "cell_candidate", "output_gate", "hidden_state",
         "cell_state"), (length,)
    )  # fmt: skip


def test_unit_that_varies_most_is_chosen() -> None:
    model = recurrent_model("gru", num_layers=2)
    token_ids = ids(12)

    found = unit_values(model, token_ids)

    each = [unit_values(model, token_ids, unit=unit).values["hidden_state"] for unit in range(4)]
    assert found.layer == 2
    assert found.unit == int(np.argmax([values.var() for values in each]))


@pytest.mark.parametrize(
    ("setting", "value", "limits"),
    [
        ("layer", 0, "at most 1"),
        ("layer", 2, "at most 1"),
        ("unit", -1, "at most 3"),
        ("unit", 4, "at most 3"),
        ("last", 0, "at least 1"),
    ],
)
def test_place_that_does_not_exist_is_refused(setting: str, value: int, limits: str) -> None:
    with pytest.raises(ConfigError, match=f"{setting} is {value}; it must be .*{limits}"):
        unit_values(recurrent_model("lstm"), ids(3), **{setting: value})


def test_models_without_units_are_refused() -> None:
    window = WindowConfig(window=3, hidden_size=4).build(network_spec())

    for model in (window, uniform_model(7)):
        with pytest.raises(ConfigError, match=r"has no (units|states)"):
            unit_values(model, ids(3))


def test_id_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(VocabularyError, match="99"):
        unit_values(recurrent_model("lstm"), np.array([99]))


def test_values_that_are_not_finite_are_refused() -> None:
    model = RecurrentConfig(hidden_size=4).build(network_spec())
    with torch.no_grad():
        model.core.layers[0].bias.fill_(torch.nan)

    with pytest.raises(DivergedError, match="layer 1 has a value that is not finite"):
        unit_values(model, ids(3) % 5)
