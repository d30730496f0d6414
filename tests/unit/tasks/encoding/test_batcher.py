import torch

from nextword.tasks.encoding import Batcher, EncoderConfig, build_vocabulary

VOCABULARY = build_vocabulary([["the", "cat", "sees", "the", "dog"]], EncoderConfig())


def test_batch_places_point_at_the_words_of_each_sentence() -> None:
    batch = Batcher(VOCABULARY).batch([["the", "cat"], ["the", "bird", "the"], []])

    ids = batch.words.word_ids[batch.places]
    assert ids[0, :2].tolist() == [VOCABULARY.word_id("the"), VOCABULARY.word_id("cat")]
    assert ids[1].tolist() == [VOCABULARY.word_id("the"), 0, VOCABULARY.word_id("the")]
    assert batch.lengths.tolist() == [2, 3, 0]
    assert len(batch.words) == 3
    assert batch.num_tokens == int(batch.mask().sum()) == 5


def test_batch_of_empty_sentences_has_no_words() -> None:
    batch = Batcher(VOCABULARY).batch([[], []])

    assert batch.lengths.tolist() == [0, 0]
    assert batch.num_tokens == 0


def test_distinct_words_have_their_characters() -> None:
    batch = Batcher(VOCABULARY).batch([["cat", "the"]])

    place = int(batch.places[0, 0])
    length = int(batch.words.character_lengths[place])
    assert batch.words.character_ids[place, :length].tolist() == VOCABULARY.character_ids("cat")


def test_table_grows_beyond_its_first_capacity() -> None:
    batcher = Batcher(VOCABULARY)
    words = [f"word{number}" for number in range(5000)]

    batch = batcher.batch([words])

    assert len(batcher.table) == 5000
    assert batcher.table.words == words
    assert torch.equal(batch.words.rows[batch.places[0]], torch.arange(5000))
