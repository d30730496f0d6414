"""Every recipe trains, whatever the text; a few updates of it, made narrow, take a second."""

from pathlib import Path

import pytest
import torch

import nextword as nw
from fakes import network_spec
from nextword.api import run_config
from nextword.base import ConfigError, Values
from nextword.families import NeuralModelConfig
from nextword.models import NeuralLanguageModel
from nextword.training import read_recipe, read_settings, recipe_names

#: Widths of networks, small enough for a test; attention heads divide them.
NARROW: Values = {
    "hidden_size": 16,
    "last_hidden_size": 8,
    "embedding_size": 8,
    "projection_size": 8,
    "num_channels": 8,
}


#: Recipes with a model of their own.
WITH_MODEL = [name for name in recipe_names() if name != "fine-tune"]


def narrow(recipe: Values) -> Values:
    """Settings that make a recipe's network small, whatever else it is."""
    return {name: size for name, size in NARROW.items() if name in recipe["model"]}


@pytest.mark.slow
@pytest.mark.parametrize("recipe", WITH_MODEL)
def test_recipe_trains_and_measures_a_toy_text(
    recipe: str, corpus_file: Path, tmp_path: Path
) -> None:
    limits = {} if recipe == "ngram-5" else {"training": {"max_steps": 3}}
    settings = {**limits, "model": narrow(read_recipe(recipe))}

    result = nw.train(str(corpus_file), out=tmp_path / "run", recipe=recipe, settings=settings)

    assert result.test is not None
    assert result.test.perplexity > 1.0
    assert nw.load(result.run).generate("the", max_tokens=3, seed=1) is not None


@pytest.mark.slow
def test_training_from_a_model_takes_the_settings_of_fine_tuning(
    corpus_file: Path, tmp_path: Path
) -> None:
    small = {"model": {"hidden_size": 8}, "training": {"max_steps": 3}}
    first = nw.train(str(corpus_file), out=tmp_path / "first", settings=small)
    before = nw.load(first.run)
    other = tmp_path / "other.txt"
    other.write_text("dog the eats a .\n" * 300, encoding="utf-8")

    second = nw.train(
        str(other), out=tmp_path / "second", settings={"text": {"init": str(first.run)}}
    )

    after = nw.load(second.run)
    config = (second.run / "config.toml").read_text(encoding="utf-8")
    assert "learning_rate = 0.001" in config
    assert "hidden_size = 8" in config
    assert after.evaluate(split="test").perplexity < before.evaluate(str(other)).perplexity


def test_recipe_of_fine_tuning_without_a_model_is_refused() -> None:
    with pytest.raises(ConfigError, match="goes on training a model, and none is named"):
        run_config(recipe="fine-tune")


def build(recipe: str) -> NeuralLanguageModel:
    """The network of a recipe, for Penn Treebank's vocabulary, without its numbers."""
    config = run_config(recipe=recipe)
    assert isinstance(config.model, NeuralModelConfig)
    with torch.device("meta"):
        return config.model.build(
            network_spec(
                vocab_size=10_002,
                boundary_id=1,
                never_ids=(0,),
                regularization=config.regularization,
                embedding=config.embedding,
                output=config.output,
            )
        )


@pytest.mark.parametrize("recipe", [name for name in WITH_MODEL if name != "ngram-5"])
def test_recipe_widths_fit_together(recipe: str) -> None:
    assert build(recipe).num_parameters > 1_000_000


@pytest.mark.parametrize(
    ("recipe", "millions"), [("awd-lstm", 24.2), ("lstm-large", 51.0), ("lstm-small", 2.7)]
)
def test_recipe_has_its_papers_number_of_parameters(recipe: str, millions: float) -> None:
    # Zaremba et al. have another table for the output, 15.0 and 2.0 million numbers.
    assert round(build(recipe).num_parameters / 1e6, 1) == millions


def test_read_recipe_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf[training]\nepochs = 3\n")

    assert read_recipe(str(path)) == {"training": {"epochs": 3}}


EARLIER = """
[text]
train = ["stdlib:"]
field = "text"

[tokenizer]
kind = "bpe"
closed = "auto"
"""


def test_read_settings_of_an_earlier_version_leaves_out_the_default_field() -> None:
    assert read_settings(EARLIER, source="config.toml")["text"] == {"train": ["stdlib:"]}


@pytest.mark.parametrize(
    "text",
    [EARLIER + 'markers = "refuse"\n', EARLIER.partition("[tokenizer]")[0]],
    ids=["of this version", "of a user"],
)
def test_read_settings_of_today_keeps_the_field(text: str) -> None:
    assert read_settings(text, source="config.toml")["text"]["field"] == "text"


def test_recipe_file_without_toml_suffix_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "settings.txt"
    path.write_text("")

    with pytest.raises(ConfigError, match=r"settings\.txt does not end in \.toml"):
        read_recipe(str(path))
