"""Measures of Jacobians: against linear algebra where the answer is known."""

import math

import pytest
import torch

from families import CASES
from inspected_models import random_passage, recurrent_model
from nextword.inspection import inspect_jacobians, lyapunov_exponents, step_jacobians
from nextword.inspection.jacobians import product_spreads, recurrent_matrices, step_bound
from nextword.inspection.steps import recurrent_layers
from nextword.models import NeuralLanguageModel


def matrices(number: int, size: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(number, size, size, dtype=torch.float64, generator=generator)


def test_lyapunov_exponents_of_one_matrix_are_the_logarithms_of_its_eigenvalues() -> None:
    symmetric = matrices(1)[0] + matrices(1)[0].T

    exponents = lyapunov_exponents(symmetric.expand(400, 4, 4))

    expected = torch.linalg.eigvalsh(symmetric).abs().log().sort(descending=True).values
    torch.testing.assert_close(
        torch.tensor(exponents, dtype=torch.float64), expected, rtol=0.0, atol=1e-6
    )


def test_lyapunov_exponents_sum_to_the_mean_logarithm_of_the_determinant() -> None:
    steps = matrices(300)

    exponents = lyapunov_exponents(steps)

    expected = torch.linalg.det(steps[30:]).abs().log().mean()
    assert sum(exponents) == pytest.approx(float(expected))


def test_lyapunov_exponents_of_a_map_to_zero_are_minus_infinity() -> None:
    assert lyapunov_exponents(torch.zeros(9, 2, 2, dtype=torch.float64)) == (-math.inf,) * 2


def test_product_spreads_are_singular_values_of_the_products() -> None:
    steps = matrices(7)

    one, three = product_spreads(steps, lags=(1, 3))

    windows = [steps[2] @ steps[1] @ steps[0], steps[5] @ steps[4] @ steps[3]]
    values = torch.stack([torch.linalg.svdvals(product) for product in windows]).log().mean(dim=0)
    assert three.lag == 3
    assert three.largest == pytest.approx(float(values[0].exp()))
    assert three.smallest == pytest.approx(float(values[3].exp()))
    assert one.largest > one.median > one.smallest


@pytest.mark.parametrize(
    "kind", ["elman-tanh", "elman-sigmoid", "elman-preactivation-relu", "linear"]
)
def test_step_bound_is_above_every_step(kind: str) -> None:
    model = recurrent_model(kind)
    [layer] = recurrent_layers(model)

    [found] = step_jacobians(model, random_passage(40), start=1, num_steps=39)

    norms = torch.linalg.matrix_norm(found.steps, ord=2)
    bound = step_bound(layer)
    assert bound is not None
    assert float(norms.max()) <= bound * (1.0 + 1e-12)
    if kind == "linear":
        assert float(norms.min()) == pytest.approx(bound)


def test_step_bound_of_gated_cells_is_none() -> None:
    [layer] = recurrent_layers(recurrent_model("lstm"))

    assert step_bound(layer) is None


def test_recurrent_matrices_are_named_by_gate() -> None:
    model = recurrent_model("gru")
    weight = model.core.layers[0].get_parameter("weight_hh").detach()

    found = recurrent_matrices(model.core.layers[0])

    assert [matrix.name for matrix in found] == ["reset_gate", "update_gate", "new_gate"]
    assert found[1].norm == pytest.approx(float(torch.linalg.svdvals(weight[4:8])[0]))
    assert found[2].spectral_radius == pytest.approx(
        float(torch.linalg.eigvals(weight[8:]).abs().max())
    )


@pytest.mark.parametrize("kind", ["lstm-projected", "min-gru"])
def test_recurrent_matrices_that_are_not_square_are_left_out(kind: str) -> None:
    found = recurrent_matrices(recurrent_model(kind, width=5).core.layers[0])

    assert found == ()


def test_inspect_jacobians_largest_exponent_is_that_of_the_linear_cell() -> None:
    model = recurrent_model("linear")
    weight = model.core.layers[0].get_parameter("weight_hh")
    with torch.no_grad():
        weight.copy_(1.25 * torch.linalg.qr(weight)[0])
    case = CASES["lstm-1-tied"]

    result = inspect_jacobians(
        model, case.tokenizer, passage=random_passage(30), num_lags=4, num_steps=20
    )

    assert result.largest_exponent == pytest.approx(math.log(1.25))
    assert "grows by the factor 1.250 per step, so that gradients explode" in result.meaning
    assert len(result.texts) == 20


def test_inspect_jacobians_of_a_contracting_network_says_that_it_forgets() -> None:
    case = CASES["lstm-2-tied"]
    model = case.build(seed=0)
    assert isinstance(model, NeuralLanguageModel)
    passage = random_passage(20, vocab_size=model.vocab_size, boundary_id=model.boundary_id)

    result = inspect_jacobians(model, case.tokenizer, passage=passage, num_lags=5)

    values = result.to_dict()
    assert [layer["layer"] for layer in values["layers"]] == [1, 2]
    assert values["largest_exponent"] == max(layer.exponents[0] for layer in result.layers)
    assert "shrinks" in result.meaning
    assert [spread.lag for spread in result.layers[0].products] == [1, 2, 3, 5]
