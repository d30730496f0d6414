"""The calls that a decoder of flashlight makes. Without it the class is tried by itself."""

from pathlib import Path
from typing import Any

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


def network_of(num_words: int = 6) -> kenlm.Model:
    tokenizer = tokenizer_of(random_text(60, num_words=num_words))
    return kenlm.Model.of(HashModel(tokenizer.vocab_size), tokenizer=tokenizer)


def beam_scores(model: FlashlightModel, *, together: bool) -> list[float]:
    """The scores of a beam search over four words that keeps the best three."""
    beam, found = [(0.0, model.start(False))], []
    for _ in range(4):
        pairs = [(total, state, number) for total, state in beam for number in range(4)]
        if together:
            states, numbers = [state for _, state, _ in pairs], [number for _, _, number in pairs]
            scored = model.score_all(states, numbers)
        else:
            scored = [model.score(state, number) for _, state, number in pairs]
        found += [score for _, score in scored]
        extended = [
            (total + score, state)
            for (total, _, _), (state, score) in zip(pairs, scored, strict=True)
        ]
        beam = sorted(extended, key=lambda pair: -pair[0])[:3]
    return found + [model.finish(state)[1] for _, state in beam]


@pytest.mark.parametrize("kind", ["words", "characters"])
def test_scores_do_not_depend_on_what_is_read_together(kind: str) -> None:
    if kind == "words":
        network = network_of()
    else:
        tokenizer = tokenizer_of(random_text(20, num_words=6), kind="character")
        network = kenlm.Model.of(HashModel(tokenizer.vocab_size), tokenizer=tokenizer)
    words = ["w0", "w1", "w2", "unknown"]

    alone = beam_scores(FlashlightModel(network, words, look_ahead=0), together=False)
    ahead = beam_scores(FlashlightModel(network, words, look_ahead=4), together=False)
    together = beam_scores(FlashlightModel(network, words, look_ahead=0), together=True)

    assert len(set(alone)) > 8
    assert ahead == pytest.approx(alone, abs=1e-6)
    assert together == pytest.approx(alone, abs=1e-6)


def test_hypotheses_of_a_frame_take_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = tokenizer_of(random_text(60, num_words=6))
    network = HashModel(tokenizer.vocab_size)
    rows: list[int] = []
    original = network.next_log_probs

    def counted(token_ids: Any, *arguments: Any) -> Any:
        rows.append(len(token_ids))
        return original(token_ids, *arguments)

    monkeypatch.setattr(network, "next_log_probs", counted)
    source = kenlm.Model.of(network, tokenizer=tokenizer)
    words = ["w0", "w1", "w2", "w3"]

    beam_scores(FlashlightModel(source, words, look_ahead=0), together=True)
    assert rows[:4] == [1, 3, 3, 3]
    num_alone = len(rows)
    rows.clear()
    source = kenlm.Model.of(network, tokenizer=tokenizer)
    beam_scores(FlashlightModel(source, words, look_ahead=12), together=False)
    assert len(rows) < num_alone + 2
    assert max(rows) > 3


def test_numbers_of_states_and_words_that_differ_are_refused() -> None:
    model = FlashlightModel(network_of(), ["w0"])

    with pytest.raises(ConfigError, match="there are 1 states and 2 words"):
        model.score_all([model.start(False)], [0, 0])
    assert model.score_all([], []) == []
