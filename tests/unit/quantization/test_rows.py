"""Matrices of 8-bit codes."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import DivergedError
from nextword.quantization import quantize_rows

SIZES = st.tuples(st.integers(1, 7), st.integers(1, 9))


@given(sizes=SIZES, seed=st.integers(0, 99), exponent=st.integers(-30, 30))
def test_rows_differ_by_at_most_half_a_scale(
    sizes: tuple[int, int], seed: int, exponent: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(*sizes, generator=generator) * 2.0**exponent

    rows = quantize_rows(matrix)

    errors = (rows.dequantized().double() - matrix.double()).abs()
    assert bool((errors <= rows.scales.double()[:, None] / 2 * (1 + 1e-9)).all())
    assert int(rows.codes.abs().max()) <= 127


@given(sizes=SIZES, seed=st.integers(0, 99))
def test_rows_products_are_exact_in_float32(sizes: tuple[int, int], seed: int) -> None:
    rows = quantize_rows(torch.randn(*sizes, generator=torch.Generator().manual_seed(seed)))

    exact = rows.codes.double() * rows.scales.double()[:, None]

    assert torch.equal(rows.dequantized().double(), exact)


def test_rows_use_the_whole_range_of_each_row() -> None:
    rows = quantize_rows(torch.tensor([[1.0, -2.0, 0.5], [100.0, 3.0, 0.0], [0.0, 0.0, 0.0]]))

    assert rows.codes.abs().amax(dim=1).tolist() == [127, 127, 0]
    assert rows.scales.tolist() == pytest.approx([2 / 127, 100 / 127, 0.0], rel=1e-4)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_rows_with_a_weight_that_is_not_finite_are_refused(value: float) -> None:
    with pytest.raises(DivergedError, match="a weight is not finite"):
        quantize_rows(torch.tensor([[1.0, value]]))
