import random

import numpy as np
import pytest
import torch

from nextword.base import ConfigError
from nextword.tasks.embedding import words as tested
from nextword.tasks.tagging import Tagger
from tagging import pos_sentence, small_tagger

TEXTS = ["the cat sees a dog", "", "a tree", "the unknown xyz .", "dog " * 30]


def tagger_of(**encoder: object) -> Tagger:
    generator = random.Random(0)
    torch.manual_seed(0)
    return small_tagger([pos_sentence(generator) for _ in range(5)], **encoder)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_vectors_of_a_tagger_do_not_depend_on_batches(
    bidirectional: bool, layer: int, pooling: str
) -> None:
    tagger = tagger_of(bidirectional=bidirectional, num_layers=2)

    together = tagger.encode(TEXTS, layer=layer, pooling=pooling)
    alone = tagger.encode(TEXTS, layer=layer, pooling=pooling, batch_size=1)

    np.testing.assert_allclose(together, alone, atol=1e-6, rtol=0)
    assert not together[1].any()


def test_vectors_in_small_batches_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = tagger_of()
    expected = tagger.encode(TEXTS)
    monkeypatch.setattr(tested, "_MAX_WORDS", 8)

    np.testing.assert_allclose(tagger.encode(TEXTS), expected, atol=1e-6, rtol=0)


def test_highest_layer_is_the_output_of_the_encoder() -> None:
    tagger = tagger_of(num_layers=2)
    batch = tagger.parts.encoder.batcher().batch([["the", "cat"]])
    with torch.no_grad():
        expected = tagger.model.encoder(batch)[0].mean(0)

    [vector] = tagger.encode(["the cat"])

    np.testing.assert_allclose(vector, expected, atol=1e-6)
    np.testing.assert_array_equal(tagger.encode(["the cat"], layer=2)[0], vector)


def test_last_takes_the_final_state_of_each_direction() -> None:
    tagger = tagger_of()
    batch = tagger.parts.encoder.batcher().batch([["the", "cat", "sees"]])
    with torch.no_grad():
        outputs = tagger.model.encoder(batch)[0]
    size = outputs.shape[1] // 2

    [vector] = tagger.encode(["the cat sees"], pooling="last")

    np.testing.assert_allclose(vector[:size], outputs[-1, :size], atol=1e-6)
    np.testing.assert_allclose(vector[size:], outputs[0, size:], atol=1e-6)


def test_layer_out_of_range_names_the_layers() -> None:
    with pytest.raises(ConfigError, match=r"layer is -4, but the tagger has the layers 0"):
        tagger_of(num_layers=2).encode(["the"], layer=-4)
