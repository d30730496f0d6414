"""transformers' own tests of models, on the language models of `nextword export`.

Needs the tests of transformers; `TRANSFORMERS_SOURCE` names their folder.
"""

import unittest
from typing import Any

import pytest

from transformers_tests import ModelTests, load_transformers_tests

pytestmark = [
    pytest.mark.peer,
    pytest.mark.exhaustive,
    pytest.mark.filterwarnings("ignore"),
]

TESTS = load_transformers_tests()

import torch  # noqa: E402

from nextword.interop.huggingface.export.cache_nextword import NextwordCache  # noqa: E402
from nextword.interop.huggingface.export.configuration_nextword import NextwordConfig  # noqa: E402
from nextword.interop.huggingface.export.modeling_nextword import (  # noqa: E402
    NextwordForCausalLM,
    NextwordModel,
)
from nextword.interop.huggingface.export.registration import register_causal_classes  # noqa: E402

HAS_GENERATION = "tests.generation.test_utils" not in TESTS.missing

SIZES = {
    "vocab_size": 99,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


if not HAS_GENERATION:

    def test_generate() -> None:
        pytest.skip("a source distribution has no tests/generation: no tests of `generate`")


class CacheTests:
    """Tests of caches that expect keys and values, for states."""

    def _check_past_key_values_for_generate(
        self: Any, batch_size: int, past_key_values: Any, seq_length: int, config: NextwordConfig
    ) -> None:
        assert isinstance(past_key_values, NextwordCache)
        assert past_key_values.get_seq_length() == seq_length
        sizes = zip(config.output_sizes, config.state_sizes, strict=True)
        for layer, (output_size, state_size) in zip(past_key_values.layers, sizes, strict=True):
            expected = [(batch_size, output_size)]
            if config.cell == "lstm":
                expected.append((batch_size, state_size))
            assert [tuple(part.shape) for part in layer.read()] == expected

    def _check_caches_are_equal(self: Any, cache1: NextwordCache, cache2: NextwordCache) -> None:
        assert cache1.get_seq_length() == cache2.get_seq_length()
        for first, second in zip(cache1.layers, cache2.layers, strict=True):
            torch.testing.assert_close(first.read(), second.read())


class LanguageModelTests(
    CacheTests, ModelTests, TESTS.ModelTesterMixin, TESTS.GenerationTesterMixin
):
    tests = TESTS
    config_class = NextwordConfig
    register = staticmethod(register_causal_classes)
    all_model_classes = (NextwordModel, NextwordForCausalLM)
    auto_classes = {"MODEL": "NextwordModel", "MODEL_FOR_CAUSAL_LM": "NextwordForCausalLM"}  # noqa: RUF012

    if HAS_GENERATION:

        def test_left_padding_compatibility(self) -> None:
            # It is skipped for models without attention, but ours must pass it.
            self.has_attentions = True
            super().test_left_padding_compatibility()


class TestLstm(LanguageModelTests, unittest.TestCase):
    settings = {**SIZES, "cell": "lstm"}  # noqa: RUF012


class TestGru(LanguageModelTests, unittest.TestCase):
    settings = {**SIZES, "cell": "gru"}  # noqa: RUF012


class TestUntiedElmanWithResiduals(LanguageModelTests, unittest.TestCase):
    settings = {**SIZES, "cell": "elman", "tie_word_embeddings": False, "residual": True}  # noqa: RUF012


class TestProjectedLstm(LanguageModelTests, unittest.TestCase):
    settings = {  # noqa: RUF012
        **SIZES,
        "cell": "lstm",
        "is_projected": True,
        "layer_sizes": [48, 40],
        "learnt_initial_state": True,
    }


class TestAdaptiveSoftmax(LanguageModelTests, unittest.TestCase):
    settings = {**SIZES, "cutoffs": [40, 70], "cluster_sizes": [32, 16, 8]}  # noqa: RUF012
    # Its words are in the order of frequency, so it cannot be resized.
    test_resize_embeddings = False

    def test_model_get_set_embeddings(self) -> None:
        pytest.skip("the embedding of an adaptive softmax is several tables")
