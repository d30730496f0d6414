from pathlib import Path

import pytest
import torch

from fakes import ConstantModel, random_text, store_of, tokenizer_of
from nextword.api import Model, load, mix
from nextword.base import ConfigError, encode
from nextword.families import NetworkSpec, NgramConfig, RecurrentConfig, train_ngram
from nextword.text import Corpus, text_document
from nextword.tokens import RESETS, Reset

TEXT = random_text(20, num_words=5)
DOCUMENTS = [text_document(random_text(8, num_words=5, seed=seed), name="d") for seed in (1, 2)]
CORPUS = Corpus(description="two documents", open_documents=lambda: iter(DOCUMENTS))


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


def lstm_model(reset: Reset, tmp_path: Path) -> Model:
    tokenizer = tokenizer_of(TEXT)
    config = RecurrentConfig(hidden_size=4)
    with torch.random.fork_rng():
        torch.manual_seed(RESETS.index(reset))
        network = config.build(NetworkSpec(vocabulary=tokenizer.vocabulary_spec)).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    settings = {"model": encode(config), "training": {"reset": reset}}
    return Model.of(network, tokenizer, config=settings, path=tmp_path / reset)


@pytest.mark.parametrize("other", ["never", "document"])
def test_mix_reads_each_member_with_its_own_reset(other: Reset, tmp_path: Path) -> None:
    members = [lstm_model("line", tmp_path), lstm_model(other, tmp_path)]

    result = mix(members, valid=CORPUS, out=tmp_path / "out")

    alone = [-member.evaluate(CORPUS).nll_sum for member in members]
    assert result.tuned.member_log_likelihoods == pytest.approx(alone, rel=1e-6)
    assert result.model.reset == other
    assert result.model.config["model"]["line_resets"] == (0,)
    assert f"{tmp_path / 'line'} (reset at each line) + " in result.model.config["description"]
    assert -result.card.nll_sum == pytest.approx(result.tuned.log_likelihoods[-1], rel=1e-6)
    assert load(tmp_path / "out").evaluate(CORPUS).nll_sum == pytest.approx(result.card.nll_sum)


def test_mix_ngram_model_of_words_takes_the_reset_of_the_others(tmp_path: Path) -> None:
    ngram = ngram_model(3, tmp_path)  # with reset=line
    members = [lstm_model("document", tmp_path), ngram]

    result = mix(members, valid=CORPUS, out=tmp_path / "out")

    alone = [-member.evaluate(CORPUS).nll_sum for member in members]
    assert result.tuned.member_log_likelihoods == pytest.approx(alone, rel=1e-6)
    assert result.model.reset == "document"
    assert result.model.config["model"]["line_resets"] == ()


def test_mix_of_resets_at_documents_and_never_needs_one_reset_for_all(tmp_path: Path) -> None:
    members = [lstm_model("never", tmp_path), lstm_model("document", tmp_path)]

    with pytest.raises(ConfigError, match="can only reset all of its members there") as caught:
        mix(members, valid=CORPUS, out=tmp_path / "out")
    result = mix(members, valid=CORPUS, out=tmp_path / "out", reset="document")

    assert "--reset document" in caught.value.help
    assert result.model.reset == "document"


def test_mix_of_a_family_that_no_folder_holds_is_refused(tmp_path: Path) -> None:
    known = ngram_model(2, tmp_path)
    foreign = Model.of(ConstantModel([0.5, 0.5]), known.tokenizer, config={}, path=Path("hf:gpt2"))

    with pytest.raises(ConfigError, match="hf:gpt2 is a model of the family constant"):
        mix([known, foreign], valid=TEXT, out=tmp_path / "out")
