import pytest

from fakes import store_of, tokenizer_of, uniform_model
from nextword.base import ConfigError, DataError
from nextword.families import NgramConfig, train_ngram
from nextword.inspection.memory import completion_by_typed

TEXT = "alpha beta gamma! delta\n" * 30


@pytest.mark.parametrize("kind", ["character", "byte"])
def test_known_words_are_completed_after_one_character(kind: str) -> None:
    tokenizer = tokenizer_of(TEXT, kind=kind)  # type: ignore[arg-type]
    model = train_ngram(store_of(tokenizer, TEXT), tokenizer, config=NgramConfig(order=6))

    found = completion_by_typed(model, tokenizer, text=TEXT, num_words=30)

    assert found.typed == (0, 1, 2, 3, 4)
    assert found.accuracies[1:] == (1.0,) * 4
    assert found.num_words[0] == 30


def test_word_that_goes_on_is_not_completed() -> None:
    tokenizer = tokenizer_of("ab abc\n" * 30, kind="character")
    model = train_ngram(store_of(tokenizer, "abc\n" * 30), tokenizer, config=NgramConfig(order=4))

    found = completion_by_typed(model, tokenizer, text=" ab \n", num_words=5)

    assert found.accuracies == (0.0, 0.0)
    assert found.num_words == (1, 1)


def test_model_of_words_is_refused() -> None:
    tokenizer = tokenizer_of(TEXT)

    with pytest.raises(
        ConfigError, match="needs a model of characters or bytes; this one reads word"
    ):
        completion_by_typed(uniform_model(8), tokenizer, text=TEXT)


def test_text_without_words_is_refused() -> None:
    tokenizer = tokenizer_of("ab", kind="character")

    with pytest.raises(DataError, match="no words to complete"):
        completion_by_typed(uniform_model(8), tokenizer, text="... !")
