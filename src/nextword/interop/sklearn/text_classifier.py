"""A text classifier with the interface of scikit-learn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from nextword.base import ConfigError, DataError
from nextword.interop.sklearn.inputs import checked_texts
from nextword.interop.sklearn.training import (
    estimator_settings,
    run_config,
    split_indices,
    train_packed,
)
from nextword.tasks.classification import (
    ClassificationRunConfig,
    Classifier,
    TextRow,
    classification_job,
    load_classifier,
)
from nextword.tensors import resolve_device

_MAX_SEED = 2**31 - 1


class TextClassifier(ClassifierMixin, BaseEstimator):
    """Classifies texts, as `nextword classify` does.

    `fit` trains in a temporary run folder and keeps the model of the epoch that is best on a share
    of the training texts. The fitted estimator contains the model, so it can be pickled.

    `y` is an array of labels, or for several labels per text an indicator matrix, (texts, labels).

    Args:
        recipe: Name of a recipe, or a TOML file of settings.
        settings: Settings that override the recipe, nested or with dotted keys, such as
            `{"encoder": {"cell": "gru"}, "ngrams": {"words": 2}}`.
        init: Folder of a model that training starts from; see `text.init`.
        epochs: Number of passes over the training texts. For this parameter and the five after it,
            None leaves the setting of the recipe.
        max_minutes: Maximum duration of training in minutes.
        batch_size: Number of texts in a batch.
        learning_rate: Learning rate of the optimizer.
        hidden_size: Size of the hidden state of the encoder.
        pooling: From the vectors of the words to that of the text: `last`, `mean`, `max` or
            `attention`.
        class_weight: None for equal weights; `balanced`; or a weight for each class by its label.
        validation_fraction: Share of the training texts on which the best epoch is chosen. Every
            class stays in the training texts.
        random_state: Seed, generator, or None for a different result in each fit.
        device: Device of the model.

    Attributes:
        classes_: The classes, sorted; for an indicator matrix the numbers of its columns.
        model_: The files of the model.
        validation_score_: Accuracy on the validation texts, or micro-F1 for several labels.

    Example:
        >>> classifier = TextClassifier(epochs=5, random_state=0)
        >>> classifier.fit(["good film", "bad film"], ["yes", "no"])  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        recipe: str = "classifier",
        settings: Mapping[str, Any] | None = None,
        init: str | Path | None = None,
        epochs: int | None = None,
        max_minutes: float | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        hidden_size: int | None = None,
        pooling: str | None = None,
        class_weight: Any = None,
        validation_fraction: float = 0.1,
        random_state: Any = None,
        device: str = "cpu",
    ) -> None:
        self.recipe = recipe
        self.settings = settings
        self.init = init
        self.epochs = epochs
        self.max_minutes = max_minutes
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.hidden_size = hidden_size
        self.pooling = pooling
        self.class_weight = class_weight
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Any) -> "TextClassifier":
        """Train a classifier.

        Args:
            X: The texts, (texts).
            y: The label of each text, (texts), or an indicator matrix, (texts, labels).

        Raises:
            ConfigError: A parameter or setting is unknown or out of range.
            DataError: The texts or labels cannot be used.
        """
        texts = checked_texts(X)
        names = self._read_labels(texts, y)
        seed = int(check_random_state(self.random_state).randint(_MAX_SEED))
        config = run_config(
            ClassificationRunConfig,
            recipe=self.recipe,
            settings=[self.settings or {}, estimator_settings(self), self._own_settings()],
            seed=seed,
        )
        rows = [
            TextRow(text=text, labels=labels, place=f"X[{index}]")
            for index, (text, labels) in enumerate(zip(texts, names, strict=True))
        ]
        train, valid = split_indices(names, fraction=self.validation_fraction, seed=seed)
        self.model_, result = train_packed(
            config,
            data=[[text, list(labels)] for text, labels in zip(texts, names, strict=True)],
            prepare=lambda config, access, *, on_progress: classification_job(
                config,
                access,
                train=[rows[index] for index in train],
                valid=[rows[index] for index in valid],
            ),
        )
        self.validation_score_ = _score(result)
        return self

    def predict_proba(self, X: Any) -> Float64[np.ndarray, "texts classes"]:
        """Return the probability of each class, (texts, classes), in the order of `classes_`.

        Args:
            X: The texts.
        """
        check_is_fitted(self)
        texts = checked_texts(X)
        found = self._classifier().classify_texts(texts)
        rows = [[each.get(name, 0.0) for name in self._names] for each in found]
        return np.array(rows, dtype=np.float64).reshape(len(texts), len(self._names))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each text, (texts), or an indicator matrix.

        Args:
            X: The texts.
        """
        probabilities = self.predict_proba(X)
        if self._is_multi_label:
            threshold = self._classifier().parts.config.threshold
            indicators: np.ndarray = (probabilities >= threshold).astype(np.int64)
            return indicators
        predicted: np.ndarray = self.classes_[probabilities.argmax(axis=1)]
        return predicted

    def _read_labels(self, texts: list[str], y: Any) -> list[tuple[str, ...]]:
        """Set the classes, and return the names of the labels of each text."""
        if y is None:
            raise DataError(
                "y is None; TextClassifier requires y to be passed, but the target y is None.",
                help="Pass the label of each text.",
            )
        check_consistent_length(texts, y)
        check_classification_targets(y)
        self._is_multi_label = type_of_target(y, input_name="y") == "multilabel-indicator"
        if self._is_multi_label:
            matrix = np.asarray(y.toarray() if hasattr(y, "toarray") else y).astype(bool)
            if not matrix.any():
                raise DataError(
                    "y has no label: the indicator matrix is zero.",
                    help="Pass at least one text with a label.",
                )
            self.classes_ = np.arange(matrix.shape[1])
            self._names = [str(number) for number in self.classes_]
            return [tuple(self._names[column] for column in np.flatnonzero(row)) for row in matrix]
        self.classes_, numbers = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(
                f"y has only one class, {self.classes_.tolist()}; at least 2 are needed.",
                help="Pass texts of several classes.",
            )
        self._names = [str(label) for label in self.classes_.tolist()]
        return [(self._names[number],) for number in numbers]

    def _own_settings(self) -> dict[str, dict[str, object]]:
        values: dict[str, object] = {"multi_label": self._is_multi_label}
        if self.pooling is not None:
            values["pooling"] = self.pooling
        if isinstance(self.class_weight, Mapping):
            values["class_weights"] = self._class_weights(self.class_weight)
        elif self.class_weight is not None:
            values["class_weights"] = self.class_weight
        return {"classification": values}

    def _class_weights(self, weights: Mapping[Any, float]) -> list[float]:
        """Return the weight of each class in the order of the labels in the model: sorted."""
        unknown = sorted(str(label) for label in weights if label not in self.classes_.tolist())
        if unknown:
            raise ConfigError(
                f"class_weight has {', '.join(unknown)}, which y lacks.",
                help=f"The classes are {', '.join(self._names)}.",
            )
        pairs = zip(self._names, self.classes_.tolist(), strict=True)
        by_name = {name: float(weights.get(label, 1.0)) for name, label in pairs}
        return [by_name[name] for name in sorted(by_name)]

    def _classifier(self) -> Classifier:
        classifier: Classifier = self.model_.loaded(
            lambda path: load_classifier(path, device=resolve_device(self.device))
        )
        return classifier

    def __sklearn_tags__(self) -> Any:
        """Return the properties of the estimator: its samples are strings."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.classifier_tags.multi_label = True
        return tags


def _score(result: Any) -> float:
    """Return the validation score of a run."""
    return float(result.validation.score)
