"""What lm-eval asks of a model. Without lm-eval the class is tried by itself."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import nextword as nw
from arpa_files import ARPA
from fakes import random_text, tokenizer_of
from nextword.base import ConfigError, DataError, MissingExtraError
from nextword.interop.lm_eval import LmEvalModel, model, register
from nextword.interop.lm_eval.model import split_ids


def requests(*arguments: tuple[Any, ...]) -> list[SimpleNamespace]:
    return [SimpleNamespace(args=each) for each in arguments]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "model.arpa"
    file.write_text(ARPA, encoding="utf-8")
    return file


@pytest.fixture
def subject(path: Path, monkeypatch: pytest.MonkeyPatch) -> LmEvalModel:
    if model._Base is object:
        monkeypatch.setattr(model, "_Base", dict)
    made = LmEvalModel(str(path), batch_size="auto", device=None)
    made.cache_hook = SimpleNamespace(add_partial=lambda *_: None)
    return made


def test_log_likelihood_of_a_line_is_its_score(subject: LmEvalModel, path: Path) -> None:
    [expected] = nw.load(path).score(["red hus"])

    [(whole, _)] = subject.loglikelihood(requests(("", "red hus\n")))
    parts = subject.loglikelihood(requests(("", "red"), ("red", " hus\n"), ("red ", "hus\n")))
    [rolling] = subject.loglikelihood_rolling(requests(("red hus\n",)))

    assert whole == pytest.approx(expected.log_prob, abs=1e-5)
    assert rolling == pytest.approx(expected.log_prob, abs=1e-5)
    assert parts[0][0] + parts[1][0] == pytest.approx(expected.log_prob, abs=1e-5)
    assert parts[1] == parts[2]


def test_greedy_is_the_most_probable_continuation(subject: LmEvalModel) -> None:
    found = subject.loglikelihood(requests(("red", " hus"), ("red", " red"), ("red", " hus\n")))

    assert [is_greedy for _, is_greedy in found] == [True, False, True]


def test_generation_stops_at_the_stop_text(subject: LmEvalModel) -> None:
    settings: dict[str, Any] = {"until": ["\n"], "max_gen_toks": 8, "do_sample": False}

    first, second, third = subject.generate_until(
        requests(
            ("red", settings),
            ("red", {"max_gen_toks": 1, "temperature": 0.7, "do_sample": True, "top_k": 0}),
            ("red", {"until": "hus"}),
        )
    )

    assert first == " hus"
    assert len(second.split()) <= 1
    assert third.strip() == ""


def test_unknown_words_are_reported(subject: LmEvalModel, caplog: pytest.LogCaptureFixture) -> None:
    subject.loglikelihood(requests(("red", " zug hus")))

    assert "1 of 2 scored tokens are outside the vocabulary" in caplog.text


def test_empty_texts(subject: LmEvalModel) -> None:
    assert subject.loglikelihood_rolling(requests(("",))) == [0.0]
    assert subject.loglikelihood([]) == []
    with pytest.raises(DataError, match="has no tokens"):
        subject.loglikelihood(requests(("red", " ")))


@pytest.mark.parametrize("kind", ["byte", "bpe"])
def test_ids_of_the_parts_are_those_of_the_whole(kind: Any) -> None:
    tokenizer = tokenizer_of(random_text(50) + "the hen of the men\n" * 9, kind=kind)

    before, after, unknown = split_ids(tokenizer, "the hen ", continuation="of the men")

    whole = tokenizer.encode("the hen of the men").ids
    assert np.concatenate([before, after]).tolist() == whole.tolist()
    assert len(unknown) == len(after)


def test_without_a_model_or_lm_eval_the_error_says_what_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "_Base", dict)
    with pytest.raises(ConfigError, match="path=RUN"):
        LmEvalModel()
    monkeypatch.setattr(model, "_Base", object)
    with pytest.raises(MissingExtraError, match="pip install lm-eval"):
        LmEvalModel(str(path))


def test_register_needs_lm_eval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "lm_eval.api.registry", None)

    with pytest.raises(MissingExtraError, match="lm-eval is not installed"):
        register()
