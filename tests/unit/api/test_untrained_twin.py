from pathlib import Path

import pytest
import torch

import nextword as nw
from nextword.api import untrained_twin
from nextword.base import ConfigError

TEXT = "the old man saw the old cat\n" * 40


def trained(tmp_path: Path, recipe: str, **model: object) -> nw.Model:
    (tmp_path / "corpus.txt").write_text(TEXT, encoding="utf-8")
    nw.train(
        str(tmp_path / "corpus.txt"),
        out=tmp_path / recipe,
        recipe=recipe,
        settings={
            "model": model,
            **({} if recipe == "ngram-5" else {"training": {"max_steps": 2}}),
        },
    )
    return nw.load(tmp_path / recipe)


def test_twin_has_the_sizes_and_other_weights(tmp_path: Path) -> None:
    model = trained(tmp_path, "lstm-small", hidden_size=8)

    twin, again = untrained_twin(model, seed=3), untrained_twin(model, seed=3)

    of_model = model.language_model.tensors()
    assert {name: each.shape for name, each in twin.tensors().items()} == {
        name: each.shape for name, each in of_model.items()
    }
    assert twin.fingerprint() == again.fingerprint()
    assert not torch.equal(twin.tensors()["embedding"], of_model["embedding"])


def test_twin_of_an_ngram_model_is_refused(tmp_path: Path) -> None:
    model = trained(tmp_path, "ngram-5", order=2)

    with pytest.raises(ConfigError, match="family 'ngram' has no weights before training"):
        untrained_twin(model)
