"""Row 5 of docs/reliability.md for every other command that writes.

A command ends with exit code 1 and the reason. What it leaves is nothing, or complete files of a
folder that the same command completes when there is space again. `tests/cli/test_full_disk.py` does
so for trainings of language models.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cli.caller import Call
from full_disk import full_disk
from nextword.storage import load_latest_checkpoint, load_model_folder

#: A command that makes more calls that write is tried at so many of them, evenly spaced.
MOST_TRIES = 12
#: More calls than any of these commands makes.
MANY = 10**9
TINY_TASK = (
    *("--quiet", "--set", "training.max_steps=2", "--set", "training.checkpoint_every=1"),
    *("--set", "encoder.hidden_size=8", "--set", "training.batch_size=8"),
)


#: Number of a call in the second half of the 100 calls that the training of a tagger makes.
LATE_CALL = 67
#: Each task, the name of its model here, and its training text.
TASKS = (
    ("classify", "classifier", "labelled"),
    ("tag", "tagger", "tagged"),
    ("transduce", "transducer", "pairs"),
    ("read", "reader", "questions"),
)


@dataclass(frozen=True, kw_only=True)
class Writing:
    """A command that writes.

    Attributes:
        words: The command; `{out}` is what it writes.
        name: Name of what it writes.
        again: Options for the second call; None if the first must leave nothing.
    """

    words: tuple[str, ...]
    name: str = "out"
    again: tuple[str, ...] | None = None


def inspection(*words: str) -> Writing:
    """An instrument of `nextword inspect`; its files are written one by one."""
    shared = ("--text", "{text}", "--out", "{out}", "--quiet")
    return Writing(words=("inspect", *words, *shared), again=())


def evaluation(task: str, model: str, text: str) -> Writing:
    """The evaluation of a task; its files are written one by one."""
    return Writing(words=(task, "evaluate", model, "--text", text, "--out", "{out}"), again=())


RESUMED = ("--resume", "auto")
COMMANDS = {
    "mix": Writing(words=("mix", "{ngram}", "{unigram}", "--valid", "{text}", "--out", "{out}")),
    "export arpa": Writing(words=("export", "{ngram}", "--to", "arpa", "--out", "{out}")),
    "export html": Writing(
        words=("export", "{lstm}", "--to", "html", "--out", "{out}"), name="out.html"
    ),
    "filter": Writing(
        words=("filter", "{jsonl}", "--model", "{ngram}", "--out", "{out}", "--quiet"), again=()
    ),
    "encode": Writing(words=("encode", "{lstm}", "{text}", "--out", "{out}"), name="out.npy"),
    "rescore": Writing(
        words=("rescore", "{ngram}", "{nbest}", "--weight", "0.5", "--out", "{out}"), name="out.tsv"
    ),
    "compare": Writing(
        words=(
            *("compare", "{text}", "--models", "ngram-1,ngram-2", "--tokens", "300", "--quiet"),
            *("--split", "0.6,0.2,0.2", "--out", "{out}"),
        ),
        again=(),
    ),
    "compare networks": Writing(
        words=(
            *("compare", "{text}", "--models", "lstm=lstm-small,ngram-2", "--tokens", "300"),
            *("--split", "0.6,0.2,0.2", "--set", "lstm:model.hidden_size=4", "--out", "{out}"),
            *("--set", "training.batch_size=4", "--set", "training.bptt_steps=8", "--quiet"),
        ),
        again=(),
    ),
    "export onnx": Writing(words=("export", "{lstm}", "--to", "onnx", "--out", "{out}")),
    "export huggingface": Writing(
        words=("export", "{lstm}", "--to", "huggingface", "--out", "{out}")
    ),
    "export huggingface of a classifier": Writing(
        words=("export", "{classifier}", "--to", "huggingface", "--out", "{out}")
    ),
    "export onnx of a classifier": Writing(
        words=("export", "{classifier}", "--to", "onnx", "--out", "{out}")
    ),
    "lab run": Writing(words=("lab", "run", "C6", "--out", "{out}", "--quiet"), again=()),
    "inspect saliency": inspection("saliency", "{lstm}", "--positions", "3", "--points", "2"),
    "inspect gradients": inspection("gradients", "{lstm}", "--lags", "4", "--window", "4"),
    "inspect jacobian": inspection("jacobian", "{lstm}", "--lags", "4", "--steps", "4"),
    "inspect memory": inspection(
        *("memory", "{lstm}", "--positions", "5", "--max-distance", "4"), "--recall", "{recall}"
    ),
    "inspect cells": inspection(
        *("cells", "{lstm}", "--characters", "800", "--ablation-tokens", "0"),
        *("--property", "line_position"),
    ),
    "classify train": Writing(
        words=("classify", "train", "{labelled}", "--out", "{out}", *TINY_TASK), again=RESUMED
    ),
    "tag train": Writing(
        words=("tag", "train", "{tagged}", "--out", "{out}", *TINY_TASK), again=RESUMED
    ),
    "transduce train": Writing(
        words=("transduce", "train", "{pairs}", "--out", "{out}", *TINY_TASK), again=RESUMED
    ),
    "read train": Writing(
        words=("read", "train", "{questions}", "--out", "{out}", *TINY_TASK), again=RESUMED
    ),
    "classify evaluate": evaluation("classify", "{classifier}", "{labelled}"),
    "tag evaluate": evaluation("tag", "{tagger}", "{tagged}"),
    "transduce evaluate": evaluation("transduce", "{transducer}", "{pairs}"),
    "read evaluate": evaluation("read", "{reader}", "{questions}"),
}


@pytest.fixture(scope="module")
def texts(
    corpus: Path, ngram_run: Path, word_run: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Texts and language models for the commands."""
    folder = tmp_path_factory.mktemp("texts")
    files = {
        "jsonl": ("a.jsonl", "".join(f'{{"text": "w1 w{i % 5}"}}\n' for i in range(20))),
        "nbest": ("a.tsv", "".join(f"u{i}\t-{j}\tw{j} w1\n" for i in range(3) for j in range(3))),
        "labelled": ("b.tsv", "".join(f"{'ab'[i % 2]}\tw{i % 7} w1\n" for i in range(40))),
        "tagged": ("c.tsv", "\n\n".join(f"w1\tA\nw{i % 5}\tB" for i in range(40)) + "\n"),
        "pairs": ("d.tsv", "".join(f"ab{i % 7}\tba{i % 7}\n" for i in range(40))),
        "recall": ("e.tsv", "w1 w2\tw3\nw4 w5\tw4\n"),
        "questions": ("f.jsonl", "".join(f"{json.dumps(question(i))}\n" for i in range(20))),
    }
    paths = {"text": corpus, "ngram": ngram_run, "lstm": word_run}
    for key, (name, content) in files.items():
        paths[key] = folder / name
        paths[key].write_text(content)
    return paths


@pytest.fixture(scope="module")
def inputs(texts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The texts, and further models."""
    from nextword.cli import main

    folder = tmp_path_factory.mktemp("models")
    paths = {**texts, "unigram": folder / "unigram"}
    options = ["--recipe", "ngram-5", "--set", "model.order=1", "--quiet"]
    assert main(["train", str(texts["text"]), "--out", str(paths["unigram"]), *options]) == 0
    for task, model, text in TASKS:
        paths[model] = folder / model
        words = [task, "train", str(paths[text]), "--out", str(paths[model]), *TINY_TASK]
        assert main(words) == 0
    return paths


def question(number: int) -> dict[str, object]:
    """A passage with a question."""
    person, place = ("Anna", "Paul", "Emma")[number % 3], ("hall", "attic")[number % 2]
    return {
        "passage": [f"{person} is in the {place}.", "It is late."],
        "question": f"Where is {person}?",
        "answer": place,
    }


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a command ended.

    Attributes:
        is_full: Whether the disk became full.
        has_result: Whether a command that leaves nothing has written its result.
    """

    is_full: bool
    has_result: bool


def words_of(command: str, folder: Path, inputs: dict[str, Path]) -> list[str]:
    """The command that writes into a folder."""
    writing = COMMANDS[command]
    return [word.format(out=folder / writing.name, **inputs) for word in writing.words]


def counted(cli: Call, folder: Path, inputs: dict[str, Path], *, command: str) -> int:
    """Number of calls of a command that write."""
    with full_disk(MANY) as disk:
        finished = cli(*words_of(command, folder, inputs))
    assert finished.code == 0, finished.err
    return disk.num_calls


def outcome(
    cli: Call, folder: Path, inputs: dict[str, Path], *, command: str, first: int
) -> Outcome:
    """Run a command on a disk that becomes full, and run it again when there is space."""
    writing = COMMANDS[command]
    folder.mkdir()
    words = words_of(command, folder, inputs)
    with full_disk(first) as disk:
        finished = cli(*words)
    if disk.num_calls < first:
        assert finished.code == 0, finished.err
        return Outcome(is_full=False, has_result=True)
    assert finished.code == 1, (first, finished.err)
    assert "error: the disk is full" in finished.err, (first, finished.err)
    assert [path for path in folder.rglob("*") if path.name.endswith((".tmp", ".part"))] == [], (
        first
    )
    out = folder / writing.name
    if writing.again == RESUMED:
        require_loadable(out)
    has_result = writing.again is None and any(folder.iterdir())
    if not has_result:
        again = cli(*words, *(writing.again or ()))
        assert again.code == 0, (first, again.err)
    assert list(leftovers(folder)) == [], first
    return Outcome(is_full=True, has_result=has_result)


def require_loadable(run: Path) -> None:
    """Load the last checkpoint and the model of a run that a full disk has ended, if it has any.

    Raises:
        CheckpointError: One of them is damaged.
    """
    if (run / "checkpoints").is_dir():
        load_latest_checkpoint(run / "checkpoints")
    if (run / "model").is_dir():
        load_model_folder(run / "model")


def leftovers(folder: Path) -> Iterator[Path]:
    """Iterate over temporary files and folders."""
    return (
        path
        for path in folder.rglob("*")
        if path.name.endswith((".tmp", ".part")) or ".replaced" in path.name
    )


@pytest.mark.exhaustive
@pytest.mark.full_count
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("command", COMMANDS)
def test_full_disk_at_every_call_ends_with_code_1(
    command: str, cli: Call, inputs: dict[str, Path], tmp_path: Path
) -> None:
    for name in ("caches are filled", "counted"):
        (tmp_path / name).mkdir()
        num_calls = counted(cli, tmp_path / name, inputs, command=command)
    spaced = np.linspace(1, num_calls, min(num_calls, MOST_TRIES)).astype(int).tolist()

    found = {
        first: outcome(cli, tmp_path / str(first), inputs, command=command, first=first)
        for first in spaced
    }

    assert len(found) > 3
    assert all(each.is_full for each in found.values())
    # The last call flushes the folder that has the complete result; it cannot be taken back.
    assert {first for first, each in found.items() if each.has_result} <= {num_calls}


@pytest.mark.parametrize("command", ["export arpa", "filter", "rescore", "inspect jacobian"])
def test_full_disk_ends_with_code_1(
    command: str, cli: Call, texts: dict[str, Path], tmp_path: Path
) -> None:
    for first in (1, 3):
        found = outcome(cli, tmp_path / str(first), texts, command=command, first=first)
        assert found == Outcome(is_full=True, has_result=False)


def test_full_disk_ends_the_training_of_a_tagger_and_the_run_can_be_continued(
    cli: Call, texts: dict[str, Path], tmp_path: Path
) -> None:
    found = outcome(cli, tmp_path / "full", texts, command="tag train", first=LATE_CALL)

    assert found.is_full
