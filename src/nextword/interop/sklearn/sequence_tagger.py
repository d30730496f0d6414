"""A sequence tagger with the interface of scikit-learn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from nextword.base import DataError
from nextword.interop.sklearn.inputs import check_same_lengths, checked_sentences
from nextword.interop.sklearn.training import (
    estimator_settings,
    run_config,
    split_indices,
    train_packed,
)
from nextword.tasks.tagging import (
    Sentence,
    Tagger,
    TaggingRunConfig,
    evaluate_tagger,
    load_tagger,
    tagging_job,
)
from nextword.tensors import resolve_device

_MAX_SEED = 2**31 - 1


class SequenceTagger(BaseEstimator):
    """Predicts a label for each word of a sentence, as `nextword tag` does.

    `X` is a list of sentences, each a list of words; `y` has a list of labels for each sentence.
    `fit` trains in a temporary run folder and keeps the model of the epoch that is best on a share
    of the sentences. The fitted estimator contains the model, so it can be pickled.

    Args:
        recipe: Name of a recipe, or a TOML file of settings.
        settings: Settings that override the recipe, nested or with dotted keys, such as
            `{"encoder": {"cell": "gru"}, "tagging": {"decoder": "softmax"}}`.
        init: Folder of a model that training starts from; see `text.init`.
        epochs: Number of passes over the sentences. For this parameter and the four after it, None
            leaves the setting of the recipe.
        max_minutes: Maximum duration of training in minutes.
        batch_size: Number of sentences in a batch.
        learning_rate: Learning rate of the optimizer.
        hidden_size: Size of the hidden state of the encoder, in each direction.
        validation_fraction: Share of the sentences on which the best epoch is chosen. Every label
            stays in the training sentences.
        random_state: Seed, generator, or None for a different result in each fit.
        device: Device of the model.

    Attributes:
        classes_: The labels, sorted.
        model_: The files of the model.
        validation_score_: What `score` returns for the validation sentences.

    Example:
        >>> tagger = SequenceTagger(epochs=5, random_state=0)
        >>> tagger.fit([["a", "dog"]], [["DET", "NOUN"]])  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        recipe: str = "tagger",
        settings: Mapping[str, Any] | None = None,
        init: str | Path | None = None,
        epochs: int | None = None,
        max_minutes: float | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        hidden_size: int | None = None,
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
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Any) -> "SequenceTagger":
        """Train a tagger.

        Args:
            X: The words of each sentence; sentences without words are left out.
            y: The labels of each sentence.

        Raises:
            ConfigError: A parameter or setting is unknown or out of range.
            DataError: The sentences or labels cannot be used.
        """
        sentences = [each for each in _sentences(X, y) if each.words]
        if not sentences:
            raise DataError("X has no sentence with a word.", help="Pass at least one sentence.")
        labels = [each.labels or () for each in sentences]
        self.classes_ = np.unique([label for each in labels for label in each])
        seed = int(check_random_state(self.random_state).randint(_MAX_SEED))
        config = run_config(
            TaggingRunConfig,
            recipe=self.recipe,
            settings=[self.settings or {}, estimator_settings(self)],
            seed=seed,
        )
        train, valid = split_indices(labels, fraction=self.validation_fraction, seed=seed)
        self.model_, result = train_packed(
            config,
            data=[[list(each.words), list(each.labels or ())] for each in sentences],
            prepare=lambda config, access, *, on_progress: tagging_job(
                config,
                access,
                train=[sentences[index] for index in train],
                valid=[sentences[index] for index in valid],
            ),
        )
        validation: Any = result.validation
        self.validation_score_ = float(validation.score)
        return self

    def predict(self, X: Any) -> list[list[str]]:
        """Return the labels of each sentence.

        Args:
            X: The words of each sentence.
        """
        check_is_fitted(self)
        found = self._tagger().tag_sentences(checked_sentences(X))
        return [[token.label for token in tokens] for tokens in found]

    def score(self, X: Any, y: Any) -> float:
        """Return the F1 of spans, as conlleval counts them, or the accuracy of other labels.

        Labels such as `B-PER` and `I-PER` are spans.

        Args:
            X: The words of each sentence.
            y: The labels of each sentence.

        Returns:
            From 0 to 1, higher is better.
        """
        check_is_fitted(self)
        return evaluate_tagger(self._tagger(), _sentences(X, y)).score

    def _tagger(self) -> Tagger:
        tagger: Tagger = self.model_.loaded(
            lambda path: load_tagger(path, device=resolve_device(self.device))
        )
        return tagger

    def __sklearn_tags__(self) -> Any:
        """Return the properties of the estimator: its samples are lists of strings."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = True
        return tags


def _sentences(X: Any, y: Any) -> list[Sentence]:
    """Return sentences with their labels."""
    words = checked_sentences(X)
    if y is None:
        raise DataError("y is None.", help="Pass the labels of each sentence.")
    check_same_lengths(words, y)
    labels = checked_sentences(y, name="y")
    return [
        Sentence(
            words=each, labels=own, file="X", first_line=index, lines=(), rows=(0,) * len(each)
        )
        for index, (each, own) in enumerate(zip(words, labels, strict=True))
    ]
