from pathlib import Path

import pytest

from fakes import ConstantModel, random_text, store_of, tokenizer_of
from nextword.api import Model, mix
from nextword.base import ConfigError
from nextword.families import NgramConfig, train_ngram

TEXT = random_text(20, num_words=5)


def ngram_model(order: int, tmp_path: Path) -> Model:
    tokenizer = tokenizer_of(TEXT)
    config = NgramConfig(order=order)
    model = train_ngram(store_of(tokenizer, TEXT), tokenizer, config=config)
    settings = {"model": {"family": "ngram", "order": order}, "training": {"reset": "line"}}
    return Model.of(model, tokenizer, config=settings, path=tmp_path / str(order))


def test_mix_of_models_in_memory_has_their_reset_and_names(tmp_path: Path) -> None:
    members = [ngram_model(order, tmp_path) for order in (1, 2)]

    result = mix(members, valid=TEXT, out=tmp_path / "out")

    assert result.model.reset == "line"
    assert result.card.reset == "line"
    assert result.model.config["description"].endswith(f"{tmp_path / '1'} + {tmp_path / '2'}.")


def test_mix_of_a_family_that_no_folder_holds_is_refused(tmp_path: Path) -> None:
    known = ngram_model(2, tmp_path)
    foreign = Model.of(ConstantModel([0.5, 0.5]), known.tokenizer, config={}, path=Path("hf:gpt2"))

    with pytest.raises(ConfigError, match="hf:gpt2 is a model of the family constant"):
        mix([known, foreign], valid=TEXT, out=tmp_path / "out")
