import itertools

import numpy as np
import pytest
import torch

from fakes import network_spec
from nextword.base import ConfigError
from nextword.families import RecurrentConfig, RecurrentLanguageModel
from nextword.inspection.cells import Unit, unit_states
from nextword.inspection.cells.ablation import Ablation, ablated_nll, ablation_of

IDS = np.random.default_rng(0).integers(1, 7, size=41)


def network(**settings: object) -> RecurrentLanguageModel:
    torch.manual_seed(0)
    config = RecurrentConfig(**{"hidden_size": 4, **settings})  # type: ignore[arg-type]
    model = config.build(network_spec())
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    return model.eval()


def nll_without(model: RecurrentLanguageModel, index: int | None) -> np.ndarray:
    """Read the second half token by token and set a unit of the only layer after each."""
    states = unit_states(model, IDS)
    means = states.values[:20].mean(axis=0)
    state, losses = states.middle, []
    parts = list(state.tensors)
    for token, target in zip(IDS[20:-1].tolist(), IDS[21:].tolist(), strict=True):
        hidden, state = model.hidden(torch.tensor([[token]]), state)
        if index is not None:
            for number, name in enumerate(sorted(parts, key=lambda each: "hidden" not in each)):
                state.tensors[name][0, index] = float(means[4 * number + index])
            hidden[0, 0, index] = float(means[index])
        log_probs = model.output.log_probs(hidden[0])
        losses.append(-float(log_probs[0, target]))
    return np.array(losses)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_ablated_nll_equals_setting_the_unit_by_hand(cell: str) -> None:
    model = network(cell=cell)
    unit = Unit(layer=1, part="hidden_state", index=2)

    with torch.no_grad():
        nll = ablated_nll(
            model, unit_states(model, IDS), token_ids=IDS, units=[unit], max_tokens=100
        )
        expected = [nll_without(model, None), nll_without(model, 2)]

    np.testing.assert_allclose(nll, expected, atol=1e-5)
    assert not np.allclose(nll[0], nll[1], atol=1e-2)


def test_ablation_of_a_unit_that_nothing_reads_has_no_effect() -> None:
    model = network(num_layers=2)
    with torch.no_grad():
        model.core.layers[1].weight_ih[:, 3] = 0.0
        model.core.layers[0].weight_hh[:, 3] = 0.0
    unit = Unit(layer=1, part="cell_state", index=3)

    nll = ablated_nll(model, unit_states(model, IDS), token_ids=IDS, units=[unit], max_tokens=9)

    assert nll.shape == (2, 9)
    np.testing.assert_allclose(nll[0], nll[1], atol=1e-6)


def test_model_is_unchanged() -> None:
    model = network()
    before = model.fingerprint()
    unit = Unit(layer=1, part="hidden_state", index=0)

    ablated_nll(model, unit_states(model, IDS), token_ids=IDS, units=[unit], max_tokens=5)

    assert model.fingerprint() == before


def test_ablation_of_compares_where_the_property_holds() -> None:
    nll = np.array([[1.0, 1.0, 1.0], [3.0, 1.0, 1.5], [1.2, 1.0, 1.0], [4.0, 9.0, 9.0]])

    found = ablation_of(nll, np.array([True, False, True]), row=1, random_rows=[2, 3])

    assert (found.effect, found.effect_elsewhere, found.num_tokens) == (1.25, 0.0, 2)
    assert found.random_effects == pytest.approx((0.1, 5.5))
    assert found.num_smaller == 1


def test_expected_largest_effect_is_the_mean_over_all_draws() -> None:
    effects = (0.4, -0.1, 0.2, 0.9, 0.2)
    found = Ablation(effect=1.0, effect_elsewhere=0.0, random_effects=effects, num_tokens=1)

    for number in range(1, 6):
        draws = [max(draw) for draw in itertools.combinations(effects, number)]
        assert found.expected_largest(number) == pytest.approx(sum(draws) / len(draws))
    for number in (0, 6):
        with pytest.raises(ConfigError, match=f"num_units is {number}; it must be from 1 to 5"):
            found.expected_largest(number)
