"""transformers' own tests of models, on the taggers and classifiers of `nextword export`.

Needs the tests of transformers; `TRANSFORMERS_SOURCE` names their folder.
"""

import unittest

import pytest

from transformers_tests import ModelTests, load_transformers_tests

pytestmark = [
    pytest.mark.peer,
    pytest.mark.exhaustive,
    pytest.mark.filterwarnings("ignore"),
]

TESTS = load_transformers_tests()

from nextword.interop.huggingface.tasks.configuration_nextword_task import (  # noqa: E402
    NextwordTaskConfig,
)
from nextword.interop.huggingface.tasks.modeling_nextword_task import (  # noqa: E402
    NextwordForSequenceClassification,
    NextwordForTokenClassification,
    NextwordTaskModel,
)
from nextword.interop.huggingface.tasks.registration import register_task_classes  # noqa: E402

SIZES = {
    "vocab_size": 99,
    "word_embedding_size": 16,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_labels": 3,
}


class TaggerTests(ModelTests, TESTS.ModelTesterMixin):
    tests = TESTS
    config_class = NextwordTaskConfig
    register = staticmethod(register_task_classes)
    all_model_classes = (NextwordTaskModel, NextwordForTokenClassification)
    auto_classes = {  # noqa: RUF012
        "MODEL": "NextwordTaskModel",
        "MODEL_FOR_TOKEN_CLASSIFICATION": "NextwordForTokenClassification",
    }


class TestTagger(TaggerTests, unittest.TestCase):
    settings = SIZES


class TestTaggerWithCrf(TaggerTests, unittest.TestCase):
    settings = {**SIZES, "label_decoder": "crf", "num_tags": 3}  # noqa: RUF012


class TestTaggerOfForwardGru(TaggerTests, unittest.TestCase):
    settings = {**SIZES, "cell": "gru", "bidirectional": False}  # noqa: RUF012


class TestClassifierWithAttention(ModelTests, TESTS.ModelTesterMixin, unittest.TestCase):
    tests = TESTS
    config_class = NextwordTaskConfig
    register = staticmethod(register_task_classes)
    settings = {**SIZES, "pooling": "attention"}  # noqa: RUF012
    all_model_classes = (NextwordTaskModel, NextwordForSequenceClassification)
    auto_classes = {  # noqa: RUF012
        "MODEL": "NextwordTaskModel",
        "MODEL_FOR_SEQUENCE_CLASSIFICATION": "NextwordForSequenceClassification",
    }
