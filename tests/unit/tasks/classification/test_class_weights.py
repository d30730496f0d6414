"""Weights of labels in the loss."""

import numpy as np
import pytest

from nextword.base import ConfigError
from nextword.tasks.classification.class_weights import class_weights

COUNTS = {"a": 6, "b": 2}


def weights(setting: str | list[float], *, multi_label: bool = False) -> list[float] | None:
    return class_weights(setting, COUNTS, labels="ab", num_texts=8, multi_label=multi_label)


def test_no_weights_are_none() -> None:
    assert weights("none") is None


@pytest.mark.peer
def test_balanced_weights_equal_those_of_scikit_learn() -> None:
    utils = pytest.importorskip("sklearn.utils.class_weight")
    labels = ["a"] * 6 + ["b"] * 2

    expected = utils.compute_class_weight("balanced", classes=np.array(["a", "b"]), y=labels)

    assert weights("balanced") == pytest.approx(expected.tolist())


def test_balanced_weights_of_several_labels_are_ratios_of_counts() -> None:
    assert weights("balanced", multi_label=True) == [2 / 6, 6 / 2]


def test_given_weights_are_used() -> None:
    assert weights([1.0, 2.5]) == [1.0, 2.5]


def test_another_number_of_weights_is_refused_with_the_labels() -> None:
    with pytest.raises(ConfigError, match="has 3 numbers, but there are 2 labels: a, b"):
        weights([1.0, 2.0, 3.0])


@pytest.mark.parametrize("multi_label", [False, True])
def test_balanced_weights_of_a_label_without_texts_are_finite(multi_label: bool) -> None:
    found = class_weights("balanced", {"a": 8}, labels="ab", num_texts=8, multi_label=multi_label)

    assert found is not None
    assert all(0.0 < weight <= 8.0 for weight in found)
