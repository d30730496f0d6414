import numpy as np
import pytest

from nextword.base import DataError
from nextword.inspection.cells import Property


def test_of_wrong_number_of_values_is_refused() -> None:
    prop = Property(name="short", kind="binary", values=lambda text: np.zeros(2))

    with pytest.raises(DataError, match=r"'short' returned values of shape \(2,\) for a text of 3"):
        prop.of("abc")


def test_of_binary_value_outside_0_and_1_is_refused() -> None:
    prop = Property(name="depth", kind="binary", values=lambda text: np.array([0.0, 2.0]))

    with pytest.raises(DataError, match="'depth' has the value 2"):
        prop.of("ab")


def test_of_undefined_values_are_kept() -> None:
    prop = Property(name="half", kind="binary", values=lambda text: np.array([1.0, np.nan]))

    assert np.isnan(prop.of("ab")).tolist() == [False, True]
