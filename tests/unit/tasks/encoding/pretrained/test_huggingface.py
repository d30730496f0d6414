import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import huggingface_models as made
import nextword as nw
from nextword.base import ConfigError, FormatError, MissingExtraError
from nextword.tasks.encoding.pretrained.huggingface import (
    HuggingFaceModel,
    load_huggingface_encoder,
)
from tagging import write_columns

transformers = pytest.importorskip("transformers")

SENTENCES = [["the", "cats", "dog"], ["cat"], ["the", "xyz", "cat", "cat", "dog"]]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.save_bert(tmp_path_factory.mktemp("models") / "bert")


def features_of(model: HuggingFaceModel, sentences: list[list[str]]) -> torch.Tensor:
    features = model.features(is_frozen=True)
    return features(model.text().tokens(sentences))


@pytest.mark.peer
@pytest.mark.parametrize("subwords", ["first", "mean"])
def test_features_equal_the_hidden_states_of_transformers(bert: Path, subwords: str) -> None:
    network = transformers.BertModel.from_pretrained(bert)
    encoding = made.word_pieces("the cat dog").encode("the cats dog")
    with torch.no_grad():
        hidden = network(torch.tensor([encoding.ids])).last_hidden_state[0]
    word = hidden[2] if subwords == "first" else hidden[2:4].mean(0)

    features = features_of(load_huggingface_encoder(str(bert), subwords=subwords), SENTENCES)

    torch.testing.assert_close(features[0, :3], torch.stack([hidden[1], word, hidden[4]]))


@pytest.mark.parametrize("subwords", ["first", "mean"])
def test_features_do_not_depend_on_the_other_sentences(bert: Path, subwords: str) -> None:
    model = load_huggingface_encoder(str(bert), subwords=subwords)

    together = features_of(model, SENTENCES)

    for row, sentence in enumerate(SENTENCES):
        alone = features_of(model, [sentence])
        torch.testing.assert_close(together[row, : len(sentence)], alone[0], atol=1e-6, rtol=1e-5)


def test_window_is_the_number_of_positions(bert: Path) -> None:
    assert load_huggingface_encoder(str(bert), subwords="first").config["window"] == 16


def test_stored_model_has_the_same_features(bert: Path) -> None:
    model = load_huggingface_encoder(str(bert), subwords="mean")
    again = HuggingFaceModel.from_stored(model.config, model.to_tokenizer())
    again.model.load_state_dict(model.model.state_dict())

    again.model.eval()

    torch.testing.assert_close(features_of(again, SENTENCES), features_of(model, SENTENCES))


def test_config_contains_no_path(bert: Path) -> None:
    model = load_huggingface_encoder(str(bert), subwords="first")

    assert str(bert) not in str(model.config)


@pytest.mark.slow
@pytest.mark.parametrize("fine_tune", [False, True])
def test_tagger_with_an_encoder_works_without_the_folder(tmp_path: Path, fine_tune: bool) -> None:
    bert = made.save_bert(tmp_path / "bert")
    before = load_huggingface_encoder(str(bert), subwords="first").model.state_dict()
    encoder = {
        **{"huggingface": str(bert), "fine_tune": fine_tune, "hidden_size": 4},
        **{"word_embedding_size": 0, "characters": "none"},
    }
    nw.train_tagger(
        str(write_columns(tmp_path / "train.txt", number=12)),
        out=tmp_path / "run",
        settings={"encoder": encoder, "training": {"epochs": 2}},
    )
    shutil.rmtree(bert)

    tagger = nw.load(tmp_path / "run")

    assert len(tagger.labels_of("the cat " * 40)) == 80
    assert np.isfinite(tagger.encode(["the cat sees"])).all()
    [features] = tagger.model.encoder.language_models
    after = features.network.state_dict()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert bool(changed) == fine_tune


def test_folder_without_weights_is_refused(bert: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bert, tmp_path / "bert")
    (copy / "model.safetensors").unlink()

    with pytest.raises(FormatError, match="has no weights"):
        load_huggingface_encoder(str(copy), subwords="first")


def test_missing_transformers_names_the_extra(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_huggingface_encoder(str(bert), subwords="first")
    monkeypatch.setitem(sys.modules, "transformers", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'nextword\[hf\]'"):
        HuggingFaceModel.from_stored(model.config, model.to_tokenizer())


def test_damaged_settings_are_refused(bert: Path) -> None:
    model = load_huggingface_encoder(str(bert), subwords="first")
    network = {**model.config["network"], "model_type": "nothing"}

    with pytest.raises(FormatError, match="cannot be built"):
        HuggingFaceModel.from_stored({**model.config, "network": network}, model.to_tokenizer())


def test_encoder_without_any_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the encoder has no input"):
        nw.train_tagger(
            str(write_columns(tmp_path / "train.txt", number=3)),
            out=tmp_path / "run",
            settings={"encoder": {"word_embedding_size": 0, "characters": "none"}},
        )
