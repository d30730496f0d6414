"""A comparison that is interrupted, and one whose rows are compared per byte."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import nextword as nw
from fakes import random_text
from nextword.base import MismatchError
from nextword.comparison import ComparisonResult
from nextword.storage import RunFolder
from nextword.training import Callback, StepRecord

SETTINGS: dict[str, Any] = {
    "model": {"hidden_size": 4},
    "training": {
        "batch_size": 2,
        "bptt_steps": 5,
        "checkpoint_every": 3,
        "log_every": 1,
        "device": "cpu",
        "precision": "float32",
    },
    "text": {"split": (0.6, 0.2, 0.2)},
}


class Recorder(Callback):
    """Keeps the first step of each training, and interrupts one of them."""

    def __init__(self, *, last_step: int | None = None) -> None:
        self.starts: list[int] = []
        self._last_step = last_step

    def on_start(self, *, first_step: int, num_steps: int) -> None:
        self.starts.append(first_step)

    def on_step(self, record: StepRecord) -> None:
        if record.step == self._last_step:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "corpus.txt"
    path.write_text(random_text(120, num_words=9), encoding="utf-8")
    return path


def compared(text: Path, out: Path, recorder: Recorder, models: Sequence[str]) -> ComparisonResult:
    def callbacks(_: RunFolder) -> list[Callback]:
        return [recorder]

    return nw.compare(
        str(text), models=models, out=out, settings=SETTINGS, tokens=60, callbacks=callbacks
    )


def test_an_interrupted_row_is_resumed_and_a_finished_one_is_kept(
    text: Path, tmp_path: Path
) -> None:
    models = ["ngram-2", "lstm-small", "gru"]
    with pytest.raises(KeyboardInterrupt):
        compared(text, tmp_path / "a", Recorder(last_step=4), models)
    assert (tmp_path / "a" / "comparison.json").exists()

    again = Recorder()
    resumed = compared(text, tmp_path / "a", again, models)
    whole = compared(text, tmp_path / "b", Recorder(), models)

    assert again.starts == [3, 0]
    assert [row.name for row in resumed.rows] == [row.name for row in whole.rows]
    for one, other in zip(resumed.rows, whole.rows, strict=True):
        assert one.mean("test", "perplexity") == other.mean("test", "perplexity")


@pytest.mark.parametrize(
    ("first", "second", "message", "advice"),
    [
        (
            {"tokens": 60},
            {"tokens": 30},
            "30 training tokens .* 60 training",
            "Give --tokens 60 as",
        ),
        (
            {"tokens": 60},
            {"tokens": 90},
            "90 training tokens .* 60 training",
            "Give --tokens 60 as",
        ),
        ({"tokens": 60}, {"minutes": 1.0}, "1 minutes .* 60 training", "Give --tokens 60 as"),
        ({"tokens": 60}, {}, "length of training .* 60 training", "Give --tokens 60 as"),
        ({"epochs": 1}, {"tokens": 60}, "60 training .* length", "--tokens and --minutes out as"),
        (
            {"epochs": 1},
            {"epochs": 2},
            r"training\.epochs is 2, .* with 1\.",
            "Give training.epochs",
        ),
    ],
)
def test_a_row_that_was_trained_with_another_budget_is_refused_before_a_training(
    text: Path,
    tmp_path: Path,
    first: dict[str, Any],
    second: dict[str, Any],
    message: str,
    advice: str,
) -> None:
    train_rows(text, tmp_path, ["elman"], **first)
    recorder = Recorder()

    with pytest.raises(MismatchError, match=rf"row elman: .*{message}") as caught:
        train_rows(text, tmp_path, ["twin=elman", "elman"], recorder=recorder, **second)

    assert "elman-1" in caught.value.message
    assert advice in caught.value.help
    assert "another --out" in caught.value.help
    assert recorder.starts == []


def test_a_row_that_has_not_begun_may_have_another_budget(text: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_rows(text, tmp_path, ["elman"], recorder=Recorder(last_step=1), tokens=60)
    run = RunFolder(tmp_path / "runs" / "elman-1")
    assert run.config_file.exists()
    assert not run.has_checkpoint()

    train_rows(text, tmp_path, ["elman"], tokens=30)

    assert "max_steps = 3" in run.read_config()


def train_rows(
    text: Path,
    out: Path,
    models: Sequence[str],
    *,
    recorder: Recorder | None = None,
    epochs: int | None = None,
    **budget: Any,
) -> ComparisonResult:
    """Compare tiny models with a budget, or for a number of epochs."""
    length = {} if epochs is None else {"epochs": epochs}
    return nw.compare(
        str(text),
        models=models,
        out=out,
        settings=[SETTINGS, {"training": length}],
        callbacks=lambda _: [] if recorder is None else [recorder],
        **budget,
    )


def test_a_trained_model_that_cannot_be_compared_is_refused_before_a_training(
    text: Path, tmp_path: Path
) -> None:
    other = nw.train(
        text,
        out=tmp_path / "other",
        recipe="ngram-2",
        settings={"tokenizer.vocab_size": 6, "text.split": (0.6, 0.2, 0.2)},
    )
    recorder = Recorder()

    with pytest.raises(MismatchError, match=r"vocabularies differ .* unknown words .*\(other\)"):
        compared(text, tmp_path / "a", recorder, ["lstm-small", f"other={other.run}"])

    assert recorder.starts == []
    assert not (tmp_path / "a").exists()


def test_trained_models_with_another_vocabulary_are_compared_per_byte(
    text: Path, tmp_path: Path
) -> None:
    nw.train(str(text), out=tmp_path / "bytes", recipe="ngram-5", settings=_bytes())

    found = nw.compare(
        str(text),
        models=["ngram-2", f"{tmp_path / 'bytes'}"],
        out=tmp_path / "c",
        settings={"text": SETTINGS["text"]},
    )

    assert found.figure == "bits_per_byte"
    assert [row.name for row in found.rows] == ["ngram-2", "bytes"]
    worse = found.rows[1].difference
    assert worse is not None
    bits = [row.mean("test", "bits_per_byte") for row in found.rows]
    assert worse["value"] == pytest.approx(bits[1] - bits[0])  # type: ignore[operator]
    assert "bits/byte, test" in found.render()
    tokenizers = {row.name: row.first.tokenizer for row in found.rows}
    assert tokenizers["ngram-2"] != tokenizers["bytes"]
    assert (
        f"Tokenizer: {tokenizers['ngram-2']} for ngram-2; {tokenizers['bytes']} for bytes. "
        in found.protocol
    )
    assert "State reset" not in found.protocol


def test_model_that_was_trained_on_the_compared_text_is_marked(text: Path, tmp_path: Path) -> None:
    nw.train(str(text), out=tmp_path / "run", recipe="ngram-5", valid=str(text))

    found = nw.compare(
        str(text),
        models=[f"known={tmp_path / 'run'}", "ngram-2"],
        out=tmp_path / "out",
        settings={"text.test": [str(text)]},
    )

    assert "Warning: known, test text: this is the text that the model was trained on." in (
        found.protocol
    )
    assert "Warning: ngram-2" not in found.protocol


def test_rows_that_are_reset_at_different_places_are_marked(text: Path, tmp_path: Path) -> None:
    found = nw.compare(
        str(text),
        models=["ngram-2", "lines=ngram-2"],
        out=tmp_path,
        settings={"text": SETTINGS["text"]},
        row_settings={"lines": [{"training": {"reset": "line"}}]},
    )

    assert "State reset: never for ngram-2; line for lines. " in found.protocol
    assert {row["model"]: row["reset"] for row in found.to_dict()["rows"]} == {
        "ngram-2": "never",
        "lines": "line",
    }
    assert "reset" in found.render().splitlines()[0]
    assert "State reset" in (tmp_path / "comparison.html").read_text()


def _bytes() -> dict[str, Any]:
    return {"tokenizer": {"kind": "byte"}, "text": SETTINGS["text"], "model": {"order": 2}}


def test_a_row_whose_training_diverges_is_reported_and_the_others_are_kept(
    text: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = nw.compare(
        str(text),
        models=["ngram-2", "lstm-small"],
        out=tmp_path / "d",
        settings=SETTINGS,
        row_settings={"lstm-small": [{"optimizer": {"learning_rate": 1e30}}]},
        tokens=60,
    )

    assert [row.name for row in found.rows] == ["ngram-2", "lstm-small"]
    failed = found.rows[1]
    assert failed.failure is not None
    assert failed.results == ()
    assert found.to_dict()["rows"][1] == {"model": "lstm-small", "failure": failed.failure}
    assert "| lstm-small | failed" in found.render()
    assert "lstm-small-1 has no result" in caplog.text
