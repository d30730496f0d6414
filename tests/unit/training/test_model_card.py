"""The README.md of a model folder."""

import tomllib
from typing import Any

from nextword.evaluation import ModelFacts, Sums, TextFacts, perplexity_card
from nextword.training.model_card import write_model_card

CONFIG: dict[str, Any] = {"model": {"family": "recurrent", "hidden_size": 12}}
SUMS = Sums(num_tokens=8, num_unknown=0, known_nll_sum=16.0, unknown_nll_sum=0.0, seconds=2.0)


def card_with(embedding: dict[str, Any]) -> str:
    return write_model_card(name="m", config=CONFIG | {"embedding": embedding}, num_parameters=1)


def test_model_card_names_model_family_and_size() -> None:
    text = write_model_card(name="my run", config=CONFIG, num_parameters=1234567)

    assert text.startswith("---\nlibrary_name: nextword\n")
    assert "- recurrent\n---\n\n# my run\n" in text
    assert "A language model with 1,234,567 parameters, trained with nextword.\n" in text


def test_model_card_holds_the_settings_as_toml() -> None:
    text = write_model_card(name="m", config=CONFIG, num_parameters=1)

    assert tomllib.loads(text.partition("```toml\n")[2].partition("```")[0]) == CONFIG


def test_model_card_while_training_says_that_it_is_not_finished() -> None:
    assert "Training is not finished" in write_model_card(name="m", config=CONFIG, num_parameters=1)


def test_model_card_shows_every_perplexity_card() -> None:
    model = ModelFacts(model="m", family="recurrent", num_parameters=1, reset="never")
    cards = [
        perplexity_card(
            SUMS,
            model=model,
            text=TextFacts(
                text=name,
                tokenizer="word",
                counts_words=True,
                num_words=8,
                num_characters=9,
                num_bytes=9,
            ),
        )
        for name in ("valid.txt", "test.txt")
    ]

    text = write_model_card(name="m", config=CONFIG, num_parameters=1, cards=cards)

    assert "Training is not finished" not in text
    assert text.index("valid.txt") < text.index("test.txt")
    assert text.count("perplexity per token  7.39\n") == 2


def test_model_card_of_trained_vectors_says_nothing_of_them() -> None:
    assert "word vectors" not in card_with({"kind": "trained"})


def test_model_card_of_pretrained_vectors_says_where_they_come_from() -> None:
    embedding = {"kind": "pretrained", "path": "glove.txt", "frozen": False, "add_words": 0}

    text = card_with(embedding)

    assert "nextword. Its word vectors were initialized from glove.txt.\n" in text


def test_model_card_of_frozen_and_added_vectors_says_so() -> None:
    embedding = {"kind": "pretrained", "path": "glove.txt", "frozen": True, "add_words": 1000}

    text = card_with(embedding)

    assert (
        "initialized from glove.txt and not trained; its vocabulary includes up to 1,000 words of "
        "that file that are not in its training text.\n"
    ) in text
