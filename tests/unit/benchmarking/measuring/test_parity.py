import pytest
import torch

from nextword.base import BenchmarkError
from nextword.benchmarking.measuring import LIMITS, Parity, check_parity

EXPECTED = {
    "outputs": torch.ones(4, dtype=torch.float64),
    "gradient": torch.full((2,), 3.0).double(),
}


def moved(quantity: str, by: float) -> dict[str, torch.Tensor]:
    return {
        name: tensor * (1.0 + by) if name == quantity else tensor
        for name, tensor in EXPECTED.items()
    }


def test_check_parity_gives_the_worst_quantity() -> None:
    parity = check_parity(moved("gradient", 1e-3), EXPECTED, precision=torch.bfloat16)

    assert (parity.quantity, parity.limit) == ("gradient", 2e-2)
    assert parity.distance == pytest.approx(1e-3)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_check_parity_beyond_the_limit_is_refused(precision: torch.dtype) -> None:
    actual = moved("outputs", 1.5 * LIMITS[precision])

    with pytest.raises(
        BenchmarkError, match=r"outputs: the relative distance .* is \d\.\de-0\d;"
    ) as got:
        check_parity(actual, EXPECTED, precision=precision)

    assert str(precision).removeprefix("torch.") in got.value.message
    assert "results are wrong" in got.value.help


def test_check_parity_not_a_number_is_refused() -> None:
    actual = moved("gradient", float("nan"))

    with pytest.raises(BenchmarkError, match=r"gradient: the relative distance .* is nan"):
        check_parity(actual, EXPECTED, precision=torch.bfloat16)


def test_check_parity_where_zeros_are_expected_takes_the_distance_itself() -> None:
    zeros = {"bias": torch.zeros(3)}

    assert check_parity(zeros, zeros, precision=torch.float32) == Parity(
        quantity="bias", distance=0.0, limit=1e-5
    )
    with pytest.raises(BenchmarkError):
        check_parity({"bias": torch.full((3,), 1e-3)}, zeros, precision=torch.float32)
