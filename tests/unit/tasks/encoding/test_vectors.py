"""Pretrained word vectors in an encoder."""

from pathlib import Path

import pytest
import torch

from nextword.base import ConfigError, DataError, decode
from nextword.tasks.encoding import (
    EncoderConfig,
    EncoderParts,
    SequenceEncoder,
    read_word_vectors,
    training_vocabulary,
)

SENTENCES = [["the", "cat", "sees", "the", "dog"]]
GLOVE = "cat 1.0 0.5\nlion 1.5 -2.0\ntiger 0.25 4.0\n"


@pytest.fixture
def glove(tmp_path: Path) -> Path:
    path = tmp_path / "glove.txt"
    path.write_text(GLOVE, encoding="utf-8")
    return path


def parts_of(glove: Path, **settings: object) -> EncoderParts:
    values = {
        "vectors": str(glove),
        "word_embedding_size": 2,
        "characters": "none",
        "hidden_size": 3,
        **settings,
    }
    config = decode(EncoderConfig, values, source="test")
    vocabulary = training_vocabulary(SENTENCES, config, located=str)
    return EncoderParts(config=config, vocabulary=vocabulary)


def build(glove: Path, parts: EncoderParts, *, freeze: bool = False) -> SequenceEncoder:
    encoder = parts.build().eval()
    read_word_vectors(glove, encoder, vocabulary=parts.vocabulary, freeze=freeze)
    return encoder


def vector_of(word: str, encoder: SequenceEncoder, parts: EncoderParts) -> list[float]:
    words = parts.batcher().batch([[word]]).words
    return encoder.encode_words(words)[0].tolist()


def test_vectors_of_training_words_and_of_words_unseen_in_training_are_used(glove: Path) -> None:
    parts = parts_of(glove)
    encoder = build(glove, parts)

    assert vector_of("cat", encoder, parts) == [1.0, 0.5]
    assert vector_of("lion", encoder, parts) == [1.5, -2.0]
    assert vector_of("tiger", encoder, parts) == [0.25, 4.0]
    assert not parts.vocabulary.is_known("lion")
    assert vector_of("zebra", encoder, parts) == vector_of("okapi", encoder, parts)


def test_vectors_of_unseen_words_survive_storing(glove: Path) -> None:
    parts = parts_of(glove)
    encoder = build(glove, parts)

    stored = EncoderParts.from_stored(parts.to_config(), parts.to_vocabularies(), source="test")
    loaded = stored.build().eval()
    loaded.load_state_dict(encoder.state_dict())

    assert vector_of("lion", loaded, stored) == [1.5, -2.0]


def test_add_words_limits_the_words_from_the_file(glove: Path) -> None:
    assert parts_of(glove, add_words=1).vocabulary.words[-1] == "lion"
    assert "lion" not in parts_of(glove, add_words=0).vocabulary.words


def test_frozen_vectors_get_no_gradient(glove: Path) -> None:
    parts = parts_of(glove)
    encoder = build(glove, parts, freeze=True)

    encoder(parts.batcher().batch(SENTENCES)).sum().backward()

    assert encoder.words is not None
    assert encoder.words.weight.grad is None
    assert torch.equal(encoder.words.weight[0], torch.zeros(2))


def test_vectors_of_another_size_are_refused(glove: Path) -> None:
    parts = parts_of(glove, word_embedding_size=3)

    with pytest.raises(ConfigError, match=r"holds vectors of 2 numbers.*have 3") as caught:
        build(glove, parts)
    assert caught.value.help == "Set encoder.word_embedding_size=2."


def test_vectors_without_any_word_of_the_vocabulary_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text("león 1.0 2.0\n", encoding="utf-8")

    with pytest.raises(DataError, match="has none of the 4 words of the training data"):
        build(path, parts_of(path, add_words=0))
