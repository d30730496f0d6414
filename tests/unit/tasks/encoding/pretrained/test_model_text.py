import pytest
import torch

from nextword.tasks.encoding import ModelText
from nextword.tokens import TokenizerConfig, VocabularyTokenizer, train_tokenizer

TEXT = "the cat sees the dog\nthe dog sees a tree\n"


def tokenizer_of(
    kind: str, *, direction: str = "forward", **options: object
) -> VocabularyTokenizer:
    config = TokenizerConfig(kind=kind, direction=direction, **options)
    return train_tokenizer(config, [TEXT])


@pytest.mark.parametrize("kind", ["word", "character", "byte"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_tokens_are_those_of_the_whole_sentence(kind: str, direction: str) -> None:
    tokenizer = tokenizer_of(kind, direction=direction)
    sentence = ["the", "dog", "sees", "ants"]

    tokens = ModelText(tokenizer).tokens([sentence])

    expected = [tokenizer.boundary_id, *tokenizer.encode(" ".join(sentence)).ids.tolist()]
    assert tokens.token_ids[0].tolist() == expected
    assert tokens.lengths.tolist() == [len(expected)]


def test_places_forward_are_the_last_token_of_each_word() -> None:
    tokens = ModelText(tokenizer_of("character")).tokens([["the", "dog"], ["a"]])

    assert tokens.places[0].tolist() == [3, 7]
    assert tokens.places[1, 0] == 1
    assert tokens.lengths.tolist() == [8, 2]


def test_places_backward_are_the_first_token_of_each_word() -> None:
    tokens = ModelText(tokenizer_of("character", direction="backward")).tokens([["the", "dog"]])

    # After the boundary, the model reads " dog" from its end, then "the".
    assert tokens.places[0].tolist() == [7, 4]


def test_reserved_word_is_unknown() -> None:
    tokenizer = tokenizer_of("word")

    tokens = ModelText(tokenizer).tokens([["the", "</s>"]])

    assert tokens.token_ids[0, 2] == tokenizer.unknown_id
    assert torch.equal(tokens.places, torch.tensor([[1, 2]]))
