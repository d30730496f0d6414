import pytest

from fakes import random_text, store_of, tokenizer_of
from nextword.base import ConfigError
from nextword.families import NgramConfig, train_ngram
from nextword.inspection.memory import RecallItem, inspect_memory
from nextword.inspection.memory.comparison import ModelPair
from nextword.tokens import TokenizerKind

TEXT = random_text(40, num_words=6)


def ngram(kind: TokenizerKind, order: int = 3, text: str = TEXT) -> ModelPair:
    tokenizer = tokenizer_of(text, kind=kind)
    return train_ngram(
        store_of(tokenizer, text), tokenizer, config=NgramConfig(order=order)
    ), tokenizer


def test_same_vocabularies_are_compared_per_token_on_the_same_targets() -> None:
    models = {"two": ngram("word", 2), "also two": ngram("word", 2), "three": ngram("word", 3)}

    found = inspect_memory(models, TEXT, max_distance=5, num_positions=20)

    assert not found.per_byte
    two, also, three = found.models
    assert two.context == also.context
    assert two.context.nll[-1] != three.context.nll[-1]
    assert two.completion is None


def test_different_vocabularies_are_compared_per_byte() -> None:
    stages: list[str] = []
    models = {"characters": ngram("character"), "pieces": ngram("bpe")}

    found = inspect_memory(
        models,
        TEXT,
        max_distance=5,
        num_positions=20,
        items=[RecallItem(context="w1 w2", word="w1")],
        on_progress=stages.append,
    )

    assert found.per_byte
    assert stages == ["measuring characters", "measuring pieces"]
    characters, pieces = found.models
    assert characters.completion is not None
    assert pieces.completion is None
    assert characters.recall is not None
    assert len(pieces.context.bits_per_byte) == len(pieces.context.lengths)


def test_words_and_characters_are_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be compared: the vocabularies differ and char"):
        inspect_memory({"w": ngram("word"), "c": ngram("character")}, TEXT, max_distance=3)
