"""Training runs of a tagger: results, resuming to the bit, and refusals."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nextword import api
from nextword.base import ConfigError, DataError, FormatError, MismatchError
from nextword.storage import load_model_folder
from nextword.tasks.running import TaskResult
from nextword.tasks.tagging import load_tagger
from stopping import StopAt
from tagging import name_sentence, pos_sentence, write_columns

SMALL: dict[str, Any] = {
    "encoder": {"hidden_size": 8, "word_embedding_size": 8, "character_hidden_size": 6},
    "training": {"epochs": 4, "batch_size": 8, "device": "cpu", "precision": "float32"},
    "optimizer": {"learning_rate": 0.02},
    # An average over thousands of updates says nothing of a run of 30.
    "averaging": {"decay": 0.0},
}
_KILLED = """
import os, signal, sys
from pathlib import Path
from nextword import api
from nextword.training import Callback

class Kill(Callback):
    def on_step(self, record):
        if record.step == 13:
            os.kill(os.getpid(), signal.SIGKILL)

settings = {settings!r}
api.train_tagger(sys.argv[1], out=sys.argv[2], settings=settings, callbacks=lambda run: [Kill()])
"""


def settings_of(valid: Path, **sections: dict[str, Any]) -> dict[str, Any]:
    merged = {section: dict(values) for section, values in SMALL.items()}
    merged["text"] = {"valid": [str(valid)]}
    for section, values in sections.items():
        merged.setdefault(section, {}).update(values)
    return merged


def train(tmp_path: Path, name: str = "run", **options: Any) -> TaskResult:
    make = options.pop("make", pos_sentence)
    train_file, valid = tmp_path / "train.txt", tmp_path / "valid.txt"
    if not train_file.exists():
        write_columns(train_file, make=make)
        write_columns(valid, make=make, number=20, seed=1)
    callbacks = options.pop("callbacks", ())
    resume = options.pop("resume", "never")
    return api.train_tagger(
        str(train_file),
        out=tmp_path / name,
        settings=settings_of(valid, **options),
        resume=resume,
        callbacks=callbacks,
    )


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files and a finished run of one epoch, which tests do not change."""
    folder = tmp_path_factory.mktemp("tagger")
    train(folder, training={"epochs": 1})
    return folder


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_train_tagger_learns_parts_of_speech(tmp_path: Path, decoder: str) -> None:
    result = train(tmp_path, tagging={"decoder": decoder})

    assert result.validation is not None
    assert result.validation.to_dict()["accuracy"] == 1.0
    assert load_tagger(result.run).labels_of("the dog sees a tree .") == (
        ["DET", "NOUN", "VERB", "DET", "NOUN", "PUNCT"]
    )


def test_train_tagger_learns_names_and_returns_labels_of_the_files_scheme(tmp_path: Path) -> None:
    result = train(tmp_path, make=name_sentence)

    assert result.validation is not None
    assert result.validation.to_dict()["f1"] == 1.0
    tagger = load_tagger(result.run)
    assert tagger.labels_of("Ann Bob likes Rome .") == ["I-PER", "I-PER", "O", "I-LOC", "O"]


def test_train_tagger_writes_the_files_of_a_run(stored: Path) -> None:
    run = stored / "run"

    names = {path.name for path in run.iterdir()}
    assert {"config.toml", "metrics.jsonl", "checkpoints", "model", "report.html"} <= names
    assert (run / "plots" / "training-curve.png").stat().st_size > 0
    assert "tagger" in (run / "model" / "README.md").read_text(encoding="utf-8")


def same_weights(first: Path, second: Path) -> bool:
    one, other = (load_model_folder(run / "model").tensors for run in (first, second))
    return one.keys() == other.keys() and all(one[name].equal(other[name]) for name in one)


def test_resumed_run_is_equal_to_the_bit(tmp_path: Path) -> None:
    short = {"log_every": 1, "epochs": 2}
    whole = train(tmp_path, "whole", training=short)

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, "stopped", training=short, callbacks=lambda run: [StopAt(step=11)])
    resumed = train(tmp_path, "stopped", training=short, resume="auto")

    assert resumed.progress.step == whole.progress.step
    assert same_weights(whole.run, resumed.run)


def test_killed_run_resumes_equal_to_the_bit(tmp_path: Path) -> None:
    often = {"log_every": 1, "checkpoint_every": 5, "epochs": 2}
    whole = train(tmp_path, "whole", training=often)
    script = _KILLED.format(settings=settings_of(tmp_path / "valid.txt", training=often))

    killed = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "train.txt", tmp_path / "killed"],
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    resumed = train(tmp_path, "killed", training=often, resume="auto")

    assert killed.returncode == -signal.SIGKILL
    assert same_weights(whole.run, resumed.run)


def test_finished_run_is_measured_again(stored: Path) -> None:
    card = (stored / "run" / "model" / "README.md").read_text(encoding="utf-8")

    again = train(stored, training={"epochs": 1}, resume="auto")

    assert again.progress.step == 8
    assert again.validation is not None
    accuracy = f"{100.0 * again.validation.to_dict()['accuracy']:.2f} %"
    assert re.search(rf"^accuracy +{re.escape(accuracy)}$", card, flags=re.MULTILINE)


def test_resume_with_changed_training_data_is_refused(tmp_path: Path) -> None:
    one_epoch = {"epochs": 1}
    train(tmp_path, training=one_epoch)
    write_columns(tmp_path / "train.txt", seed=5)

    with pytest.raises(MismatchError, match=r"train\.txt has") as caught:
        train(tmp_path, training=one_epoch, resume="auto")
    assert "old-text" not in caught.value.help


def test_resume_with_other_settings_is_refused(stored: Path) -> None:
    with pytest.raises(MismatchError, match=r"encoder\.hidden_size is 9"):
        train(stored, encoder={"hidden_size": 9}, training={"epochs": 1}, resume="auto")


def test_without_validation_file_a_share_is_split_off_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        result = train(tmp_path, text={"valid": []}, training={"epochs": 1})

    assert "6 of 60 sentences of the training data (10 %)" in caplog.text
    assert result.validation is not None
    assert result.validation.to_dict()["num_sentences"] == 6


def test_long_sentences_are_split_for_training_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        result = train(tmp_path, training={"max_length": 4, "epochs": 1})

    assert "training sentences have more than 4 words" in caplog.text
    assert result.progress.num_seen == sum(
        bool(line.strip()) for line in (tmp_path / "train.txt").read_text().splitlines()
    )


def test_scheme_for_labels_that_are_no_spans_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tagging\.scheme is 'bioes'.*'DET'"):
        train(tmp_path, tagging={"scheme": "bioes"})
    assert not (tmp_path / "run").exists()


def test_init_tagger_starts_from_its_weights(stored: Path, tmp_path: Path) -> None:
    second = train(
        tmp_path,
        text={"init": str(stored / "run")},
        training={"epochs": 1},
        optimizer={"learning_rate": 1e-12},
    )

    runs = (stored / "run", second.run)
    one, other = (load_model_folder(run / "model").tensors for run in runs)
    assert all((one[name] - other[name]).abs().max() < 1e-6 for name in one)


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        ("encoder", {"hidden_size": 9}, r"encoder\.hidden_size is 9.*has 8"),
        ("tagging", {"scheme": "iob2"}, r"tagging\.scheme is 'iob2'.*has 'none'"),
        ("encoder", {"lowercase": True}, r"encoder\.lowercase is True.*keeps the vocabulary"),
        ("encoder", {"vectors": "a.txt"}, r"encoder\.vectors is 'a.txt'.*keeps the vocabulary"),
    ],
)
def test_init_tagger_with_other_settings_is_refused(
    stored: Path, tmp_path: Path, section: str, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        train(tmp_path, text={"init": str(stored / "run")}, **{section: values})


def test_init_tagger_with_frozen_vectors_keeps_the_word_embeddings(
    stored: Path, tmp_path: Path
) -> None:
    second = train(
        tmp_path,
        text={"init": str(stored / "run")},
        encoder={"freeze_vectors": True},
        training={"epochs": 1},
    )

    runs = (stored / "run", second.run)
    one, other = (load_model_folder(run / "model").tensors for run in runs)
    assert one["encoder.words.weight"].equal(other["encoder.words.weight"])
    assert not one["output.weight"].equal(other["output.weight"])


def test_init_tagger_without_a_label_of_the_data_is_refused(stored: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"labels that .* lacks: I-LOC"):
        train(tmp_path, make=name_sentence, text={"init": str(stored / "run")})


def bioes_sentence(generator: random.Random) -> list[tuple[str, str]]:
    labels = ("B-PER", "E-PER", "O", "S-LOC", "O")
    return [
        (word, label) for (word, _), label in zip(name_sentence(generator), labels, strict=True)
    ]


def test_init_tagger_converts_labels_of_another_scheme(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    train(tmp_path / "first", make=name_sentence, training={"epochs": 1})

    second = train(
        tmp_path / "second",
        make=bioes_sentence,
        text={"init": str(tmp_path / "first" / "run")},
        training={"epochs": 3},
    )

    assert second.validation is not None
    assert second.validation.score > 0.9
    assert load_tagger(second.run).labels == load_tagger(tmp_path / "first" / "run").labels


def test_empty_training_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("")
    write_columns(tmp_path / "valid.txt")

    with pytest.raises(DataError, match=r"train\.txt contains no sentences"):
        train(tmp_path)


def test_load_tagger_of_a_damaged_folder_is_refused(stored: Path, tmp_path: Path) -> None:
    model = shutil.copytree(stored / "run" / "model", tmp_path / "model")
    (model / "tokenizer.json").write_text("{}")

    with pytest.raises(FormatError, match=r"tokenizer\.json"):
        load_tagger(model)


def test_cell_without_recurrent_matrix_names_the_setting_of_the_encoder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^encoder\.recurrent_dropout is 0\.1") as caught:
        train(tmp_path, encoder={"cell": "min_gru", "recurrent_dropout": 0.1})

    assert caught.value.help == "Leave encoder.recurrent_dropout out."
