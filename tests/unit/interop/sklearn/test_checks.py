"""scikit-learn's own checks of estimators.

Its checks pass tables of numbers. Here each row becomes a text: a word for each column, with the
sign and the rounded size of the number. So the checks run through training and prediction.
Two checks pass values of other types, which the type checker of the tests refuses.
`SequenceTagger` reads lists of lists, which no check passes.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from nextword.interop.sklearn import TextClassifier, TextEncoder
from text_samples import SMALL, as_texts

LSTM = Path(__file__).parents[3] / "golden" / "models" / "format-1" / "lstm"


class TableClassifier(TextClassifier):
    """Reads the rows of a table as texts."""

    def __init__(
        self,
        epochs: int = 12,
        hidden_size: int = 4,
        learning_rate: float = 0.02,
        recipe: str = "classifier",
        settings: Any = None,
        class_weight: Any = None,
        random_state: Any = 0,
    ) -> None:
        super().__init__(
            epochs=epochs,
            hidden_size=hidden_size,
            learning_rate=learning_rate,
            recipe=recipe,
            settings=settings,
            class_weight=class_weight,
            random_state=random_state,
        )

    def fit(self, X: Any, y: Any) -> "TableClassifier":
        if y is None:
            X = validate_data(self, X)
        else:
            is_matrix = np.ndim(y) == 2 and np.shape(y)[1] > 1
            X, y = validate_data(self, X, y, multi_output=is_matrix)
        given, self.settings = self.settings, SMALL
        try:
            super().fit(as_texts(X), y)
        finally:
            self.settings = given
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return super().predict_proba(as_texts(validate_data(self, X, reset=False)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = tags.input_tags.string = False
        return tags


class TableEncoder(TextEncoder):
    """Reads the rows of a table as texts."""

    def __init__(self, model: Any = str(LSTM), pooling: str = "mean") -> None:
        super().__init__(model, pooling=pooling)

    def fit(self, X: Any, y: Any = None) -> "TableEncoder":
        super().fit(as_texts(validate_data(self, X)))
        return self

    def transform(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return super().transform(as_texts(validate_data(self, X, reset=False)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = tags.input_tags.string = False
        return tags


#: Checks that pass values of other types on purpose, which the type checker of the tests refuses.
UNTYPED = {
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_classifier_data_not_an_array",
}


@pytest.mark.slow
@pytest.mark.exhaustive
@parametrize_with_checks([TableClassifier(), TableEncoder()])
def test_estimator_passes_the_check(estimator: Any, check: Any) -> None:
    if check.func.__name__ in UNTYPED:
        pytest.skip("the type checker of the tests refuses the values of this check")
    check(estimator)
