"""The calls that a decoder of flashlight makes. Without it the class is tried by itself."""

from pathlib import Path

import pytest

from arpa_files import ARPA
from fakes import HashModel, random_text, tokenizer_of
from nextword import kenlm
from nextword.base import ConfigError, MissingExtraError
from nextword.interop.ctc import FlashlightModel, flashlight_model


class FakeState:
    """A state of flashlight: the same child for the same index."""

    def __init__(self) -> None:
        self.children: dict[int, FakeState] = {}

    def child(self, usr_index: int) -> "FakeState":
        return self.children.setdefault(usr_index, FakeState())


@pytest.fixture
def arpa(tmp_path: Path) -> Path:
    path = tmp_path / "model.arpa"
    path.write_text(ARPA, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _base(monkeypatch: pytest.MonkeyPatch) -> None:
    if flashlight_model._Base is object:
        monkeypatch.setattr(flashlight_model, "_Base", kenlm.Model)
        monkeypatch.setattr(flashlight_model, "_BaseState", FakeState)


def test_scores_of_a_sentence_sum_to_its_score(arpa: Path) -> None:
    model = FlashlightModel(arpa, ["hus", "red"])

    first, red = model.score(model.start(False), 1)
    second, hus = model.score(first, 0)
    _, end = model.finish(second)

    assert (red, hus, end) == pytest.approx((-0.4, -0.1, -0.2), abs=1e-5)


def test_same_word_after_the_same_state_gives_the_same_state() -> None:
    tokenizer = tokenizer_of(random_text(30, num_words=5))
    network = kenlm.Model.of(HashModel(tokenizer.vocab_size), tokenizer=tokenizer)
    model = FlashlightModel(network, ["w0", "w1"])
    start = model.start(False)

    first, score = model.score(start, 0)
    again, same_score = model.score(start, 0)

    assert first is again
    assert score == same_score
    assert model.score(first, 1)[1] == pytest.approx(
        network.score("w0 w1", eos=False) - score, abs=1e-5
    )


def test_start_without_context_and_unknown_words(arpa: Path) -> None:
    model = FlashlightModel(arpa, ["red", "zug"], unknown_score=-3.0)
    start = model.start(True)

    assert model.score(start, 0)[1] == pytest.approx(-0.7, abs=1e-5)
    assert model.score(start, 1)[1] == pytest.approx(-1.5 - 3.0, abs=1e-5)


def test_start_forgets_earlier_states(arpa: Path) -> None:
    model = FlashlightModel(arpa, ["red"])
    for _ in range(3):
        model.score(model.start(False), 0)

    assert len(model._reached) == 2


def test_wrong_words_are_refused(arpa: Path) -> None:
    model = FlashlightModel(arpa, ["red"])

    with pytest.raises(ConfigError, match="asks for word 1, but there are 1 words"):
        model.score(model.start(False), 1)
    with pytest.raises(ConfigError, match="words is a single string"):
        FlashlightModel(arpa, "red")


def test_without_flashlight_the_package_is_named(
    arpa: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flashlight_model, "_Base", object)

    with pytest.raises(MissingExtraError, match="pip install flashlight-text"):
        FlashlightModel(arpa, ["red"])
