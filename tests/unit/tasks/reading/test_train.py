"""Training a reader: it learns, resumes to the bit, is saved, and starts from others."""

import json
import logging
from pathlib import Path

import pytest

import nextword as nw
from nextword.base import ConfigError, DataError, FormatError, MismatchError
from nextword.tasks.decoding.search import SearchConfig
from nextword.tasks.reading import Reader, load_reader
from nextword.tasks.transduction import load_transducer
from stopping import StopAt
from tiny_reader import tiny_file, tiny_settings
from training_runs import assert_equal_runs


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_file(tmp_path_factory.mktemp("questions") / "train.jsonl", 100)


@pytest.fixture(scope="module")
def run(questions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    out = tmp_path_factory.mktemp("runs") / "stories"
    nw.train_reader(str(questions), out=out, settings=tiny_settings())
    return out


@pytest.mark.parametrize(
    ("kind", "epochs"),
    [
        ("span", 12),
        pytest.param("candidate", 10, marks=(pytest.mark.slow, pytest.mark.exhaustive)),
        pytest.param("free", 14, marks=(pytest.mark.slow, pytest.mark.exhaustive)),
    ],
)
def test_train_reader_learns_where_people_are(tmp_path: Path, kind: str, epochs: int) -> None:
    path = tiny_file(tmp_path / "train.jsonl", 300, answer=kind)
    settings = tiny_settings(kind, training={"epochs": epochs}, reading={"supporting_weight": 3.0})

    result = nw.train_reader(str(path), out=tmp_path / "run", settings=settings)

    assert result.validation is not None
    scores = result.validation.to_dict()
    assert scores["exact_match"] > 0.9
    assert scores["supporting_attention"] > 0.7
    assert scores["question_only_exact_match"] < 0.6
    found = nw.load(tmp_path / "run").read(
        "Emma is in the hall. Paul is in the garden.",
        "Where is Paul?",
        candidates=("hall", "garden"),
    )
    assert found == ("garden yes" if kind == "free" else "garden")


def test_train_reader_stopped_and_resumed_equals_one_run(
    questions: Path, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        nw.train_reader(
            str(questions), out=out, settings=tiny_settings(), callbacks=lambda _: [StopAt(9)]
        )

    nw.train_reader(out=out, resume="auto")

    assert_equal_runs(out, run)


def test_train_reader_that_copies_stopped_and_resumed_equals_one_run(tmp_path: Path) -> None:
    path = str(tiny_file(tmp_path / "train.jsonl", 40, answer="free"))
    settings = tiny_settings("free", training={"epochs": 2})
    nw.train_reader(path, out=tmp_path / "run", settings=settings)
    with pytest.raises(KeyboardInterrupt):
        nw.train_reader(
            path, out=tmp_path / "stopped", settings=settings, callbacks=lambda _: [StopAt(3)]
        )

    nw.train_reader(out=tmp_path / "stopped", resume="auto")

    assert_equal_runs(tmp_path / "stopped", tmp_path / "run")


def test_train_reader_resume_with_other_questions_is_refused(run: Path, tmp_path: Path) -> None:
    other = tiny_file(tmp_path / "other.jsonl", 20, seed=9)

    with pytest.raises(MismatchError):
        nw.train_reader(str(other), out=run, settings=tiny_settings(), resume="auto")


def test_load_reader_gives_the_same_answers(run: Path) -> None:
    first, second = load_reader(run), nw.load(run / "model")

    assert isinstance(second, Reader)
    passage = "Anna is in the hall. Paul is in the garden."
    for question in ("Where is Anna?", "Where is Paul?"):
        assert first.read(passage, question) == second.read(passage, question)
    history = [("Where is Paul?", "garden"), {"question": "And Anna?"}, "Well."]
    assert first.read(passage.split("  "), "Where is he?", history=history)


def test_load_reader_refuses_other_models_and_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="contains a reader; a sequence"):
        load_transducer(run)
    with pytest.raises(ConfigError, match="is a reader; vectors"):
        nw.load(run).vector_encoder()


def test_reader_malformed_turn_and_empty_question_are_refused(run: Path) -> None:
    reader = load_reader(run)

    with pytest.raises(DataError, match="is not a turn"):
        reader.read("Anna is here.", "Where?", history=[{"answer": "hall"}])
    with pytest.raises(DataError, match="the question has no word"):
        reader.read("Anna is here.", "  ")


def test_reader_beam_of_spans_is_refused(run: Path) -> None:
    with pytest.raises(ConfigError, match="a beam is for written answers"):
        load_reader(run).with_search(SearchConfig(beam_size=2))


def test_train_reader_answers_outside_the_passage_are_left_out_and_said(
    questions: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = questions.read_text().splitlines()[:30]
    changed = {**json.loads(lines[0]), "answer": "nowhere"}
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join([*lines, json.dumps(changed)]))
    settings = tiny_settings(
        training={"epochs": 1}, text={"valid": [str(path)], "test": [str(path)]}
    )

    with caplog.at_level(logging.WARNING):
        result = nw.train_reader(str(path), out=tmp_path / "run", settings=settings)

    assert "1 of 31 training questions have no answer that is a text of the passage" in caplog.text
    assert result.test is not None
    assert result.test.to_dict()["num_unreachable"] == 1
    assert "out of reach     1: no reference is a text of the passage" in result.test.render()


def test_train_reader_without_any_answer_in_a_passage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    line = json.dumps({"passage": "Anna left.", "question": "Who came?", "answer": "Paul"})
    path.write_text(f"{line}\n" * 4)

    with pytest.raises(DataError, match=r"none of the .* training questions can be used") as caught:
        nw.train_reader(str(path), out=tmp_path / "run", settings=tiny_settings())
    assert "reading.answer=free" in caught.value.help


def test_train_reader_init_starts_from_its_weights(
    questions: Path, run: Path, tmp_path: Path
) -> None:
    settings = tiny_settings(
        text={"init": str(run)},
        training={"epochs": 1, "max_steps": 1},
        optimizer={"learning_rate": 1e-9},
    )

    nw.train_reader(str(questions), out=tmp_path / "run", settings=settings)

    passage, question = "Anna is in the hall. Paul is in the garden.", "Where is Anna?"
    first, second = load_reader(run), load_reader(tmp_path / "run")
    assert second.parts.encoder.vocabulary == first.parts.encoder.vocabulary
    for name, parameter in first.model.named_parameters():
        assert second.model.get_parameter(name).detach() == pytest.approx(
            parameter.detach(), abs=1e-6
        )
    assert first.read(passage, question) == second.read(passage, question)


def test_train_reader_init_of_another_kind_is_refused(
    questions: Path, run: Path, tmp_path: Path
) -> None:
    settings = tiny_settings("free", text={"init": str(run)})

    with pytest.raises(ConfigError, match=r"reading.answer is 'free', but --init"):
        nw.train_reader(str(questions), out=tmp_path / "run", settings=settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"decoder": {"hidden_size": 9}}, r"decoder.hidden_size .*reading.answer is 'span'"),
        ({"reading": {"answer": "free", "max_answer_words": 3}}, "only 'span' has spans"),
        ({"reading": {"hops": 0}}, r"reading.hops"),
        (
            {"reading": {"answer": "free"}, "decoder": {"copy": True}, "target": {"kind": "bpe"}},
            r"only whole words of a passage can be copied",
        ),
    ],
)
def test_train_reader_setting_without_effect_is_refused(
    questions: Path, tmp_path: Path, settings: dict, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        nw.train_reader(str(questions), out=tmp_path / "run", settings=settings)
