"""Models in Python: calls, copies, files, printed forms, and the arguments of `nw.train`."""

import copy
import json
import math
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nextword as nw
from nextword.api import untrained_model
from nextword.base import ConfigError, nested
from nextword.text import Corpus, text_document
from nextword.training import Callback, StepRecord

TEXT = "the students opened their books\nthe teachers read the letters\n" * 3


def small_model(**tokenizer: object) -> nw.Model:
    document = text_document(TEXT, name="text")
    corpus = Corpus(description="text", open_documents=lambda: iter([document]))
    sections = {"model": {"hidden_size": 6}, "tokenizer": tokenizer}
    return untrained_model("lstm-small", corpus, settings=[sections])


@pytest.mark.parametrize("copied", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy])
def test_a_copied_model_has_the_same_scores(copied: object) -> None:
    model = small_model()

    other = copied(model)  # type: ignore[operator]

    assert other.perplexity(TEXT) == model.perplexity(TEXT)
    assert other.tokenizer.fingerprint == model.tokenizer.fingerprint


def test_save_writes_a_folder_that_load_reads(tmp_path: Path) -> None:
    model = small_model()

    model.save(tmp_path / "saved")

    assert nw.load(tmp_path / "saved").perplexity(TEXT) == model.perplexity(TEXT)


def test_a_called_network_returns_log_probabilities_and_the_state() -> None:
    model = small_model()
    network = model.language_model
    ids = torch.tensor(model.tokenizer("the students opened").ids)[None]

    whole, _ = network(ids)
    _, state = network(ids[:, :2])
    rest, after = network(ids[:, 2:], state)

    torch.testing.assert_close(rest, whole[:, 2:])
    assert after.num_tokens.tolist() == [3]
    expected, _ = network.next_log_probs(ids, network.initial_state(1))
    torch.testing.assert_close(whole, expected)


def test_a_called_tokenizer_encodes_and_decode_takes_the_result() -> None:
    tokenizer = small_model(kind="byte").tokenizer

    assert tokenizer.decode(tokenizer("the books\n")) == "the books\n"
    assert len(tokenizer) == tokenizer.vocab_size
    assert len(tokenizer("abc")) == 3


def test_token_scores_sum_to_the_score_of_the_line() -> None:
    model = small_model()

    scores = model.token_scores("the students read")

    assert [token for token, _ in scores] == ["the", "students", "read", "\n"]
    [line] = model.score(["the students read"])
    assert math.fsum(value for _, value in scores) == pytest.approx(line.log_prob, rel=1e-5)


def test_token_scores_of_an_empty_text_are_those_of_an_empty_line() -> None:
    model = small_model()

    [(token, value)] = model.token_scores("")

    assert token == "\n"
    assert value == pytest.approx(model.score([""])[0].log_prob, rel=1e-5)


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0b", "\x1c", "\r"])
def test_token_scores_only_newlines_end_lines(sign: str) -> None:
    model = small_model(kind="byte")
    text = f"the{sign}students"

    [line] = model.score([text])

    assert math.fsum(value for _, value in model.token_scores(text)) == pytest.approx(
        line.log_prob, rel=1e-5
    )


def test_models_states_and_cards_print_themselves() -> None:
    model = small_model()

    card = model.evaluate(text=TEXT)

    assert "family='recurrent'" in repr(model)
    assert str(card).splitlines()[0].startswith("model ")
    assert "perplexity per token" in card._repr_html_()
    state = model.language_model.initial_state(2)
    assert repr(state).startswith("State(batch_size=2, num_tokens=[0, 0], tensors: layer_0.")
    assert state._repr_html_().startswith("<pre>State")
    assert model._repr_html_().startswith("<pre>")


@pytest.mark.parametrize("kind", ["word", "byte"])
def test_next_words_are_words_and_next_tokens_are_tokens(kind: str) -> None:
    model = small_model(kind=kind)

    words = [word for word, _ in model.next_words("the students", k=3)]
    tokens = [token for token, _ in model.next_tokens("the students", k=100)]

    assert len(words) == 3
    assert words == [word for word, _ in model.complete("the students ", k=3)]
    assert "</s>" not in words
    assert ("</s>" in tokens) == (kind == "word")


#: A call, and the beginning of its error.
WRONG_TYPES = {
    'model.generate("the", max_tokens=None)': "max_tokens is None; a whole",
    'model.generate("the", max_tokens=2.5)': "max_tokens is 2.5; a whole",
    'model.generate("the", max_tokens=True)': "max_tokens is True; a whole",
    'model.generate("the", seed=None)': "seed is None; a whole number",
    'model.generate("the", stop=3)': "stop is of type int; a list of strings",
    'model.next_words("the", k="3")': "k is '3'; a whole number is expected",
    'model.next_tokens("the", k=0)': "k is 0; it must be at least 1",
    "model.score(None)": "lines is of type NoneType; a list of strings",
    'model.score(b"the")': "lines is of type bytes; a list of strings",
    'model.score(["the"], batch_size=2.5)': "batch_size is 2.5; a whole",
    'model.surprisal(pathlib.Path("text.txt"))': "lines is of type PosixPath; a list",
    'model.perplexity(texts=b"the")': "a text is of type bytes; the name",
    'model.evaluate(text="the", reset="x")': "reset is 'x'",
    "nw.load(None)": "a path is of type NoneType; the name of a file or folder",
    'nw.mix("runs/lstm", valid="a", out="b")': "models is of type str; a list",
    'nw.mix(None, valid="a", out="b")': "models is of type NoneType; a list",
    'nw.mix(["a", "b"], valid=None, out="c")': "valid is None; no text",
    'nw.compare("a", models=None, out="b")': "a model is of type NoneType",
    'nw.compare(3, models="elman", out="b")': "a text is of type int",
}
CALLS = """
import json, pathlib, sys
import nextword as nw
model = nw.load(sys.argv[1])
for call in json.loads(sys.argv[2]):
    try:
        eval(call)
        print("nothing is raised")
    except nw.NextwordError as error:
        print(error.message)
"""


def test_arguments_of_a_wrong_type_are_refused_by_name(tmp_path: Path) -> None:
    # In a process of its own: the checks of types in tests would refuse them first.
    small_model().save(tmp_path / "model")
    calls = json.dumps(list(WRONG_TYPES))

    ended = subprocess.run(
        [sys.executable, "-c", CALLS, str(tmp_path / "model"), calls],
        capture_output=True,
        text=True,
        check=True,
    )

    for (call, words), shown in zip(WRONG_TYPES.items(), ended.stdout.splitlines(), strict=True):
        assert shown.startswith(words), call


def test_nested_splits_dotted_keys() -> None:
    settings = {"model.cell": "gru", "model": {"num_layers": 2}, "training.epochs": 3}

    found = nested(settings)

    assert found == {"model": {"cell": "gru", "num_layers": 2}, "training": {"epochs": 3}}
    with pytest.raises(ConfigError, match=r"model\.cell is given twice"):
        nested({"model.cell": "gru", "model": {"cell": "lstm"}})


def test_train_takes_texts_seed_and_callbacks_by_name(tmp_path: Path) -> None:
    text, valid = tmp_path / "text.txt", tmp_path / "valid.txt"
    text.write_text(TEXT * 40, encoding="utf-8")
    valid.write_text("the teachers opened their books again and again\n" * 8, encoding="utf-8")
    records: list[StepRecord] = []

    class Records(Callback):
        def on_step(self, record: StepRecord) -> None:
            records.append(record)

    result = nw.train(
        str(text),
        out=tmp_path / "run",
        valid=str(valid),
        seed=5,
        callbacks=[Records()],
        settings={"training.max_steps": 2, "model.hidden_size": 8, "training.gradients_every": 0},
    )

    assert records[-1].step == 2
    assert result.test is None
    saved = (tmp_path / "run" / "config.toml").read_text(encoding="utf-8")
    assert "seed = 5\n" in saved
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "What it writes" in report
    assert "machine   " in report
