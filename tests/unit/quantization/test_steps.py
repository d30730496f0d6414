"""Arrays of 16-bit codes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nextword.quantization import quantize_values


@given(st.lists(st.floats(-60, 0, width=32) | st.just(-np.inf), max_size=20))
def test_values_differ_by_at_most_half_a_step(values: list[float]) -> None:
    array = np.array(values, dtype=np.float32)

    quantized = quantize_values(array)

    found = quantized.dequantized()
    assert np.array_equal(np.isneginf(found), np.isneginf(array))
    finite = np.isfinite(array)
    errors = np.abs(found[finite].astype(np.float64) - array[finite])
    # Half a step, and the rounding of the result to float32.
    assert (errors <= quantized.step / 2 + np.spacing(np.abs(array[finite]))).all()


def test_values_lowest_and_highest_are_kept() -> None:
    array = np.array([-7.25, -np.inf, -0.5, -3.1], dtype=np.float32)

    found = quantize_values(array).dequantized()

    assert found[[0, 1, 2]].tolist() == [-7.25, -np.inf, -0.5]


def test_values_that_are_all_equal_or_none_are_exact() -> None:
    for values in ([], [-2.5, -2.5], [-np.inf]):
        array = np.array(values, dtype=np.float32)
        assert quantize_values(array).dequantized().tolist() == values
