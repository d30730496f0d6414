"""The scores that a decoder gets. Without pyctcdecode the class is tried by itself."""

import math
from pathlib import Path

import pytest

import nextword as nw
from arpa_files import ARPA
from fakes import HashModel, random_text, tokenizer_of
from nextword import kenlm
from nextword.base import ConfigError, MissingExtraError
from nextword.interop.ctc import PyctcdecodeModel, pyctcdecode_model

LN_10 = math.log(10.0)


@pytest.fixture
def arpa(tmp_path: Path) -> Path:
    path = tmp_path / "model.arpa"
    path.write_text(ARPA, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyctcdecode_model, "_Base", kenlm.Model)


def test_score_is_weighted_and_in_nats(arpa: Path) -> None:
    model = PyctcdecodeModel(arpa, alpha=0.5, beta=1.5)

    score, state = model.score(model.get_start_state(), "red")
    last, after = model.score(state, "hus", is_last_word=True)

    assert score == pytest.approx(0.5 * -0.4 * LN_10 + 1.5, abs=1e-5)
    assert last == pytest.approx(0.5 * (-0.1 - 0.2) * LN_10 + 1.5, abs=1e-5)
    # The end is scored, but a longer sentence goes on from the word.
    assert model.score(after, "red")[0] != model.score(model.get_start_state(), "red")[0]


def test_unknown_words_are_penalized(arpa: Path) -> None:
    model = PyctcdecodeModel(arpa, alpha=1.0, beta=0.0, unk_score_offset=-10.0)
    start = model.get_start_state()

    expected = model.model.score("zug", eos=False) - 10.0

    assert model.score(start, "zug")[0] == pytest.approx(expected * LN_10)
    assert model.score_partial_token("hu") == 0.0
    assert model.score_partial_token("") == 0.0
    assert model.score_partial_token("zu") == -10.0
    assert model.score_partial_token("zugzugzugzug") == -20.0


def test_given_words_replace_the_vocabulary(arpa: Path) -> None:
    model = PyctcdecodeModel(arpa, ["hus", "absent"])

    assert model.score_partial_token("h") == 0.0
    assert model.score_partial_token("re") < 0.0
    assert model.score_partial_token("ab") < 0.0
    start = model.get_start_state()
    assert model.score(start, "red")[0] < model.score(start, "hus")[0]


def test_without_boundary_neither_end_is_scored(arpa: Path) -> None:
    model = PyctcdecodeModel(arpa, alpha=1.0, beta=0.0, score_boundary=False)

    score, _ = model.score(model.get_start_state(), "red", is_last_word=True)

    assert score == pytest.approx(-0.7 * LN_10, abs=1e-5)


def test_model_of_characters_knows_every_word() -> None:
    tokenizer = tokenizer_of(random_text(30, num_words=5), kind="byte")
    language_model = HashModel(tokenizer.vocab_size, boundary_id=tokenizer.boundary_id)
    model = PyctcdecodeModel(kenlm.Model.of(language_model, tokenizer=tokenizer), alpha=1.0)

    first, state = model.score(model.get_start_state(), "w0")
    second, _ = model.score(state, "hus", is_last_word=True)

    assert model.score_partial_token("zzz") == 0.0
    total = model.model.score("w0 hus") * LN_10 + 2 * model.beta
    assert first + second == pytest.approx(total, abs=1e-4)


def test_parameters_are_set_saved_and_loaded(arpa: Path, tmp_path: Path) -> None:
    model = PyctcdecodeModel(nw.load(arpa), ["hus"])
    model.reset_params(alpha=0.7, beta=None, score_boundary=False)
    (tmp_path / "saved").mkdir()
    model.save_to_dir(str(tmp_path / "saved"))

    again = PyctcdecodeModel.load_from_dir(str(tmp_path / "saved"))

    assert (again.alpha, again.beta, again.score_boundary) == (0.7, 1.5, False)
    assert again.order == 3
    start = again.get_start_state()
    assert again.score(start, "hus")[0] == model.score(model.get_start_state(), "hus")[0]
    with pytest.raises(ConfigError, match="no parameter 'gamma'"):
        model.reset_params(gamma=1.0)


def test_model_in_memory_is_not_saved(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(random_text(30, num_words=5))
    in_memory = kenlm.Model.of(HashModel(tokenizer.vocab_size), tokenizer=tokenizer)

    with pytest.raises(ConfigError, match="has no path"):
        PyctcdecodeModel(in_memory).save_to_dir(str(tmp_path))


def test_other_models_are_refused() -> None:
    with pytest.raises(ConfigError, match="the model is a dict"):
        PyctcdecodeModel({})


def test_without_pyctcdecode_the_extra_is_named(
    arpa: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyctcdecode_model, "_Base", object)

    with pytest.raises(MissingExtraError, match="pip install pyctcdecode"):
        PyctcdecodeModel(arpa)
