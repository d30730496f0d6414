import pytest
import torch

from nextword.base import ConfigError, decode
from nextword.cells import CELLS
from nextword.tasks.encoding import (
    EncoderConfig,
    EncoderParts,
    SequenceEncoder,
    WordVectorCache,
    build_vocabulary,
)

SENTENCES = [["the", "cat", "sees", "a", "dog"], ["the", "dog", "barks"], ["Unwahrscheinlich"]]
SMALL = {"hidden_size": 5, "word_embedding_size": 4, "character_hidden_size": 6}


def parts_of(**settings: object) -> EncoderParts:
    config = decode(EncoderConfig, {**SMALL, **settings}, source="test")
    return EncoderParts(config=config, vocabulary=build_vocabulary(SENTENCES, config))


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("bidirectional", [True, False])
def test_encoder_any_cell_and_direction_returns_a_vector_for_each_word(
    cell: str, bidirectional: bool
) -> None:
    size = 3 if cell == "lstm_projected" else None
    parts = parts_of(cell=cell, bidirectional=bidirectional, num_layers=2, projection_size=size)
    encoder = parts.build()

    outputs = encoder(parts.batcher().batch(SENTENCES))

    assert outputs.shape == (3, 5, encoder.output_size)
    outputs.sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.core.parameters())


@pytest.mark.parametrize("characters", ["none", "cnn", "bilstm"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_encoder_output_does_not_depend_on_the_other_sentences(
    characters: str, bidirectional: bool
) -> None:
    parts = parts_of(characters=characters, bidirectional=bidirectional)
    encoder = parts.build().eval()

    together = encoder(parts.batcher().batch(SENTENCES))

    for row, sentence in enumerate(SENTENCES):
        alone = encoder(parts.batcher().batch([sentence]))
        torch.testing.assert_close(together[row, : len(sentence)], alone[0])


def test_encoder_forward_only_does_not_see_later_words() -> None:
    parts = parts_of(bidirectional=False)
    encoder = parts.build().eval()

    whole = encoder(parts.batcher().batch([["the", "cat", "sees"]]))
    other = encoder(parts.batcher().batch([["the", "cat", "barks"]]))

    torch.testing.assert_close(whole[0, :2], other[0, :2])
    assert not torch.allclose(whole[0, 2], other[0, 2])


def test_rare_words_are_replaced_in_training_only() -> None:
    parts = parts_of(unknown_probability=1.0)
    words = parts.build().words
    assert words is not None
    rare, frequent = parts.vocabulary.word_id("cat"), parts.vocabulary.word_id("the")
    ids = torch.tensor([rare, frequent])

    torch.testing.assert_close(words.eval()(ids), words.weight[ids])
    torch.testing.assert_close(words.train()(ids), words.weight[torch.tensor([0, frequent])])


def test_word_vector_cache_returns_what_the_encoder_computes() -> None:
    parts = parts_of()
    encoder, batcher = parts.build().eval(), parts.batcher()
    cache = WordVectorCache(encoder, batcher.table)

    for sentences in (SENTENCES[:1], SENTENCES, [[f"w{i}" for i in range(6000)]], SENTENCES):
        words = batcher.batch(sentences).words
        torch.testing.assert_close(cache.vectors(words), encoder.encode_words(words))


def test_word_vector_cache_is_emptied_with_a_large_table() -> None:
    parts = parts_of(characters="none")
    encoder, batcher = parts.build().eval(), parts.batcher()
    cache = WordVectorCache(encoder, batcher.table)
    cache.vectors(batcher.batch([[f"w{i}" for i in range(70_000)]]).words)

    cache.trim()

    assert len(batcher.table) == 0
    words = batcher.batch(SENTENCES).words
    torch.testing.assert_close(cache.vectors(words), encoder.encode_words(words))


def test_encoder_without_inputs_is_refused() -> None:
    with pytest.raises(ConfigError, match="the encoder has no input"):
        parts_of(word_embedding_size=0, characters="none").build()


def test_config_unknown_cell_is_refused() -> None:
    with pytest.raises(ConfigError, match="lstmm"):
        EncoderConfig(cell="lstmm")


def test_stored_parts_build_the_same_encoder() -> None:
    parts = parts_of(characters="bilstm", num_layers=2)
    encoder = parts.build().eval()

    again = EncoderParts.from_stored(parts.to_config(), parts.to_vocabularies(), source="test")
    copy: SequenceEncoder = again.build().eval()
    copy.load_state_dict(encoder.state_dict())

    batch = parts.batcher().batch(SENTENCES)
    torch.testing.assert_close(copy(again.batcher().batch(SENTENCES)), encoder(batch))
