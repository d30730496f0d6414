import pickle
from typing import Any

import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score

from nextword.base import DataError
from nextword.interop.sklearn import SequenceTagger
from text_samples import SENTENCES, TAGS


def tagger(**parameters: Any) -> SequenceTagger:
    given = {"epochs": 8, "hidden_size": 6, "learning_rate": 0.03, "random_state": 0}
    # A dozen updates are too few for dropout, and for an average that begins with random weights.
    dropout = {"word_dropout": 0.0, "input_dropout": 0.0, "output_dropout": 0.0}
    settings = {
        "encoder": {"word_embedding_size": 8, "character_hidden_size": 6, **dropout},
        "averaging": {"decay": 0.0},
        "training": {"batch_size": 4},
    }
    return SequenceTagger(**{**given, "settings": settings, **parameters})


@pytest.fixture(scope="module")
def fitted() -> SequenceTagger:
    return tagger().fit(SENTENCES, TAGS)


def test_fit_learns_the_labels(fitted: SequenceTagger) -> None:
    assert fitted.classes_.tolist() == ["DET", "NOUN", "VERB"]
    assert fitted.predict([["the", "cat", "sleeps"], []]) == [["DET", "NOUN", "VERB"], []]
    assert fitted.score(SENTENCES, TAGS) == 1.0


def test_score_of_other_labels_is_the_accuracy(fitted: SequenceTagger) -> None:
    assert fitted.score([["the", "dog"]], [["DET", "VERB"]]) == 0.5


def test_score_of_span_labels_is_their_f1() -> None:
    sentences = [["Ann", "Bob", "runs"], ["she", "sees", "Oslo"]] * 6
    labels = [["B-PER", "I-PER", "O"], ["O", "O", "B-LOC"]] * 6
    found = tagger(epochs=12).fit(sentences, labels)
    assert found.score(sentences, labels) == 1.0

    score = found.score([["Ann", "Bob", "runs"]], [["B-PER", "O", "O"]])

    assert score == 0.0


def test_pickle_and_clone_keep_the_predictions(fitted: SequenceTagger) -> None:
    expected = fitted.predict(SENTENCES)

    assert pickle.loads(pickle.dumps(fitted)).predict(SENTENCES) == expected
    assert clone(fitted).fit(SENTENCES, TAGS).predict(SENTENCES) == expected


def test_works_in_grid_search_and_cross_validation() -> None:
    search = GridSearchCV(tagger(), {"hidden_size": [3, 6]}, cv=2).fit(SENTENCES, TAGS)
    scores = cross_val_score(tagger(), SENTENCES, TAGS, cv=2)

    assert search.best_score_ > 0.9
    assert scores.shape == (2,)


def test_predict_before_fit_is_not_fitted_error() -> None:
    with pytest.raises(NotFittedError):
        tagger().predict(SENTENCES)


@pytest.mark.parametrize(
    ("sentences", "labels", "message"),
    [
        (["the dog"], [["DET", "NOUN"]], r"X\[0\] is the string 'the dog'"),
        ([["the", "dog"]], [["DET"]], r"X\[0\] has 2 words, y\[0\] has 1 labels"),
        ([["the"]], [["DET"], ["NOUN"]], "X has 1 sentences, y has 2"),
        ([["the"]], ["D"], r"y\[0\] is the string 'D'"),
        ([["the", 3]], [["DET", "NUM"]], r"X\[0\]\[1\] is of type int"),
        ([[]], [[]], "no sentence with a word"),
        ([["the"]], None, "y is None"),
    ],
)
def test_unusable_sentences_are_refused(sentences: Any, labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        tagger().fit(sentences, labels)
