"""Untrained networks of recipes: sizes, seeds and tokenizers."""

import pytest
import torch

from fakes import random_text
from nextword.api import untrained_model
from nextword.base import ConfigError
from nextword.text import Corpus, text_document


def corpus(text: str) -> Corpus:
    document = text_document(text, name="text")
    return Corpus(description="text", open_documents=lambda: iter([document]))


def test_untrained_model_has_the_sizes_of_the_settings_and_the_words_of_the_text() -> None:
    settings = [{"model": {"hidden_size": 6, "num_layers": 1}}]

    model = untrained_model("lstm-small", corpus("one two two\n" * 3), settings=settings)

    assert model.config["model"]["hidden_size"] == 6
    assert "two" in [model.tokenizer.token_text(i) for i in range(model.tokenizer.vocab_size)]
    assert not getattr(model.language_model, "training", True)


def test_untrained_model_depends_on_the_seed_alone() -> None:
    def weights(seed: int) -> dict[str, torch.Tensor]:
        settings = [{"model": {"hidden_size": 5}, "training": {"seed": seed}}]
        model = untrained_model("gru", corpus(random_text(9)), settings=settings)
        return model.language_model.tensors()

    first, again, other = weights(1), weights(1), weights(2)

    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_untrained_model_tokenizer_sees_whole_lines_of_the_beginning() -> None:
    model = untrained_model(
        "gru",
        corpus("one two\nthree four\n"),
        settings=[{"model": {"hidden_size": 5}, "tokenizer": {"min_count": 1}}],
        max_characters=12,
    )

    texts = [model.tokenizer.token_text(i) for i in range(model.tokenizer.vocab_size)]
    assert {"one", "two"} <= set(texts)
    assert not {"three", "thre"} & set(texts)


@pytest.mark.parametrize("recipe", ["ngram-5", "rnn-maxent"])
def test_untrained_model_of_counts_is_refused(recipe: str) -> None:
    with pytest.raises(ConfigError, match=f"the recipe {recipe} is of the family"):
        untrained_model(recipe, corpus("one\n"))
