import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from nextword.base import ConfigError, DataError
from nextword.interop.sklearn import TextClassifier
from text_samples import LABELS, SMALL, TEXTS


def classifier(**parameters: Any) -> TextClassifier:
    given = {"epochs": 10, "hidden_size": 4, "learning_rate": 0.03, "random_state": 0}
    return TextClassifier(**{**given, "settings": SMALL, **parameters})


@pytest.fixture(scope="module")
def fitted() -> TextClassifier:
    return classifier().fit(TEXTS, LABELS)


def test_fit_learns_the_classes(fitted: TextClassifier) -> None:
    assert fitted.classes_.tolist() == ["no", "yes"]
    assert fitted.predict(["a lovely film", "a poor film"]).tolist() == ["yes", "no"]
    assert fitted.score(TEXTS, LABELS) == 1.0
    assert fitted.validation_score_ == 1.0


def test_predict_proba_is_in_the_order_of_the_classes(fitted: TextClassifier) -> None:
    probabilities = fitted.predict_proba(["a lovely film", "a poor film"])

    np.testing.assert_allclose(probabilities.sum(1), 1.0, atol=1e-6)
    assert (probabilities.argmax(1) == [1, 0]).all()
    assert fitted.predict_proba([]).shape == (0, 2)


def test_numbers_as_classes_are_kept_in_numerical_order() -> None:
    numbers = [{"yes": 10, "no": 9}[label] for label in LABELS]

    found = classifier().fit(TEXTS, numbers)

    assert found.classes_.tolist() == [9, 10]
    assert found.predict(["a lovely film", "a poor film"]).tolist() == [10, 9]


def test_pickle_keeps_the_predictions(fitted: TextClassifier) -> None:
    again = pickle.loads(pickle.dumps(fitted))

    np.testing.assert_array_equal(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


def test_same_random_state_gives_the_same_model(fitted: TextClassifier) -> None:
    again = clone(fitted).fit(TEXTS, LABELS)

    np.testing.assert_array_equal(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


def test_fit_leaves_the_generators_of_the_caller_alone() -> None:
    # Not Python's generator: the type checker of the tests draws from it.
    np.random.seed(2)
    torch.manual_seed(3)
    before = np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()

    classifier(epochs=1).fit(TEXTS, LABELS)

    after = np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert after == before


def test_indicator_matrix_gives_several_labels_per_text() -> None:
    matrix = np.array([[label == "yes", True, label == "no"] for label in LABELS]).astype(int)

    found = classifier(learning_rate=0.05, batch_size=2).fit(TEXTS, matrix)

    assert found.classes_.tolist() == [0, 1, 2]
    assert found.predict(["a lovely film", "a poor film"]).tolist() == [[1, 1, 0], [0, 1, 1]]


def test_works_in_pipeline_grid_search_and_cross_validation() -> None:
    pipeline = make_pipeline(
        FunctionTransformer(lambda texts: [text.upper() for text in texts]), classifier()
    )

    search = GridSearchCV(pipeline, {"textclassifier__hidden_size": [3, 4]}, cv=2)
    scores = cross_val_score(classifier(), TEXTS, LABELS, cv=2)

    assert search.fit(TEXTS, LABELS).best_score_ > 0.9
    assert scores.shape == (2,)


def test_class_weight_by_label_reaches_the_settings() -> None:
    found = classifier(epochs=1, class_weight={"yes": 3.0}).fit(TEXTS, LABELS)

    loaded = found._classifier()
    assert loaded.parts.config.class_weights == (1.0, 3.0)


def test_class_weight_of_an_unknown_label_is_refused() -> None:
    with pytest.raises(ConfigError, match="class_weight has perhaps, which y lacks"):
        classifier(class_weight={"perhaps": 2.0}).fit(TEXTS, LABELS)


def test_predict_before_fit_is_not_fitted_error() -> None:
    with pytest.raises(NotFittedError):
        classifier().predict(TEXTS)


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ("a text", ["yes"], "X is the string 'a text'"),
        (["a", 2.0], ["yes", "no"], r"X\[1\] is of type float"),
        (np.array([["a"], ["b"]]), ["yes", "no"], "X has 2 dimensions"),
        (["a", "b"], ["yes"], "inconsistent numbers of samples"),
        (["a", "b"], ["yes", "yes"], r"only one class, \['yes'\]"),
        (["a", "b"], [0.5, 1.5], "Unknown label type"),
        (["a", "b"], None, "y is None"),
        (["a", "b"], np.zeros((2, 3), dtype=int), "y has no label"),
    ],
)
def test_unusable_samples_are_refused(texts: Any, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classifier().fit(texts, labels)


def test_unknown_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="encoder"):
        classifier(settings={"encoder": {"sizes": 3}}).fit(TEXTS, LABELS)


def test_setting_without_effect_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"classification\.threshold .*multi_label is false"):
        classifier(settings={"classification": {"threshold": 0.3}}).fit(TEXTS, LABELS)


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_validation_fraction_out_of_range_is_refused(fraction: float) -> None:
    with pytest.raises(ConfigError, match="validation_fraction is"):
        classifier(validation_fraction=fraction).fit(TEXTS, LABELS)


def test_single_text_is_refused_as_one_class() -> None:
    with pytest.raises(DataError, match="only one class"):
        classifier().fit(["a"], ["yes"])


@pytest.mark.slow
def test_import_without_scikit_learn_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import nextword.interop\n"
        "from nextword.base import MissingExtraError\n"
        "try:\n    import nextword.interop.sklearn\n"
        "except MissingExtraError as error:\n    print(error)"
    )

    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "pip install 'nextword[sklearn]'" in finished.stdout
