import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import nextword as nw
from nextword.base import CheckpointError, ConfigError
from nextword.interop.sklearn import TextEncoder

MODELS = Path(__file__).parents[3] / "golden" / "models" / "format-1"
LSTM = MODELS / "lstm"
TEXTS = ["the cat", "a dog", ""]


def test_transform_equals_the_encode_method() -> None:
    vectors = TextEncoder(LSTM, pooling="max", layer=1).fit_transform(TEXTS)

    np.testing.assert_array_equal(vectors, nw.load(LSTM).encode(TEXTS, pooling="max", layer=1))


def test_loaded_model_can_be_passed() -> None:
    vectors = TextEncoder(nw.load(LSTM)).fit_transform(TEXTS)

    np.testing.assert_array_equal(vectors, nw.load(LSTM).encode(TEXTS))


def test_feature_names_are_numbered() -> None:
    encoder = TextEncoder(LSTM).fit(TEXTS)

    names = encoder.get_feature_names_out()

    assert names[:2].tolist() == ["textencoder0", "textencoder1"]
    assert len(names) == encoder.transform(TEXTS).shape[1]


def test_pickle_works_without_the_folder(tmp_path: Path) -> None:
    folder = shutil.copytree(LSTM, tmp_path / "lstm")
    encoder = TextEncoder(str(folder)).fit(TEXTS)
    expected = encoder.transform(TEXTS)
    content = pickle.dumps(encoder)
    shutil.rmtree(folder)

    np.testing.assert_array_equal(pickle.loads(content).transform(TEXTS), expected)


def test_works_in_a_pipeline() -> None:
    pipeline = clone(make_pipeline(TextEncoder(str(LSTM)), LogisticRegression(C=1e3)))

    pipeline.fit(TEXTS, [0, 1, 0])

    assert pipeline.predict(TEXTS).tolist() == [0, 1, 0]


def test_transform_before_fit_is_not_fitted_error() -> None:
    with pytest.raises(NotFittedError):
        TextEncoder(LSTM).transform(TEXTS)


def test_no_model_is_refused() -> None:
    with pytest.raises(ConfigError, match="model is None"):
        TextEncoder().fit(TEXTS)


def test_ngram_model_is_refused() -> None:
    with pytest.raises(ConfigError, match="counts of n-grams"):
        TextEncoder(MODELS / "ngram").fit(TEXTS)


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        TextEncoder(tmp_path / "nowhere").fit(TEXTS)
