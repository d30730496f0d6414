"""Going on with a run whose texts, or encoded texts, are not what they were."""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nextword as nw
from nextword.base import ConfigError, FormatError, MismatchError
from nextword.storage import load_latest_checkpoint, load_model_folder, save_checkpoint
from nextword.tokens import kept_text_bytes
from nextword.tokens.stores import store_builder

Settings = Callable[..., dict[str, Any]]
NGRAM: dict[str, Any] = {"recipe": "ngram-5", "settings": {"model": {"order": 2}}}


def count(text: str | Path | tuple[str, ...], out: Path, **options: Any) -> Any:
    """Make a 2-gram model, the quickest run there is."""
    names = [str(each) for each in (text if isinstance(text, tuple) else (text,))]
    return nw.train(names, out=out, **{**NGRAM, "resume": "auto", **options})


def sources(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "sources.json").read_text())
    return content


def upper_case(path: Path) -> None:
    path.write_text(path.read_text().upper())


def test_sources_record_size_time_and_hash(corpus_file: Path, tmp_path: Path) -> None:
    count(corpus_file, tmp_path / "run")

    [file] = sources(tmp_path / "run")["parts"]["train"]
    assert file == {
        "name": str(corpus_file),
        "size": corpus_file.stat().st_size,
        "modified_ns": corpus_file.stat().st_mtime_ns,
        "sha256": hashlib.sha256(corpus_file.read_bytes()).hexdigest(),
    }
    assert sources(tmp_path / "run")["folder"] == str(Path.cwd())


def test_resume_over_a_changed_text_is_refused_and_names_the_choice(
    corpus_file: Path, tmp_path: Path
) -> None:
    count(corpus_file, tmp_path / "run")
    upper_case(corpus_file)

    with pytest.raises(MismatchError, match=r"corpus\.txt has SHA-256 .*another text") as caught:
        count(corpus_file, tmp_path / "run")

    assert "--resume old-text" in caught.value.help


def test_resume_over_a_longer_text_names_both_sizes(corpus_file: Path, tmp_path: Path) -> None:
    count(corpus_file, tmp_path / "run")
    size = corpus_file.stat().st_size
    corpus_file.write_text(corpus_file.read_text() + "one\n")

    with pytest.raises(MismatchError, match=f"has {size + 4:,} bytes, not {size:,}"):
        count(corpus_file, tmp_path / "run")


@pytest.mark.parametrize("part", ["valid", "test"])
def test_resume_over_a_changed_other_part_is_refused(
    part: str, corpus_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("the cat sees the book\n" * 9)
    settings = {**NGRAM["settings"], "text": {part: (str(other),)}}
    count(corpus_file, tmp_path / "run", settings=settings)
    upper_case(other)

    with pytest.raises(MismatchError, match=r"other\.txt has SHA-256"):
        count(corpus_file, tmp_path / "run", settings=settings)


@pytest.mark.parametrize("change", ["new", "missing"])
def test_resume_over_a_folder_with_other_files_is_refused(
    change: str, corpus_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    shutil.copy(corpus_file, folder / "a.txt")
    (folder / "c.txt").write_text("a dog eats a fish\n" * 9)
    count(folder, tmp_path / "run")

    if change == "new":
        (folder / "d.txt").write_text("one\n")
    else:
        (folder / "c.txt").unlink()

    with pytest.raises(MismatchError, match=f"[cd].txt is {change}"):
        count(folder, tmp_path / "run")


def test_resume_over_a_touched_text_goes_on(corpus_file: Path, tmp_path: Path) -> None:
    count(corpus_file, tmp_path / "run")
    os.utime(corpus_file, ns=(0, 1_000))

    count(corpus_file, tmp_path / "run")

    assert sources(tmp_path / "run")["parts"]["train"][0]["modified_ns"] == 1_000


def test_resume_over_an_untouched_text_does_not_hash_it(
    corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count(corpus_file, tmp_path / "run")
    hashed = []
    real = hashlib.file_digest

    def digest(file: Any, name: str) -> Any:
        hashed.append(Path(file.name).name)
        return real(file, name)

    monkeypatch.setattr(hashlib, "file_digest", digest)
    count(corpus_file, tmp_path / "run")

    assert "ids.bin" in hashed
    assert "corpus.txt" not in hashed


def test_resume_old_text_goes_on_with_what_was_encoded(corpus_file: Path, tmp_path: Path) -> None:
    first = count(corpus_file, tmp_path / "run")
    ids = (tmp_path / "run/tokens/train/ids.bin").read_bytes()
    corpus_file.unlink()

    again = count(corpus_file, tmp_path / "run", resume="old-text")

    assert (tmp_path / "run/tokens/train/ids.bin").read_bytes() == ids
    assert again.test.nll_sum == first.test.nll_sum
    assert again.test.text.endswith("(test part, old text)")


def test_resume_old_text_in_an_empty_folder_begins(corpus_file: Path, tmp_path: Path) -> None:
    assert count(corpus_file, tmp_path / "run", resume="old-text").test is not None


def test_resume_old_text_without_tokens_is_refused(corpus_file: Path, tmp_path: Path) -> None:
    count(corpus_file, tmp_path / "run")
    shutil.rmtree(tmp_path / "run/tokens")

    with pytest.raises(
        MismatchError, match=r"encoded text is incomplete or missing: there is no .*tokens"
    ):
        count(corpus_file, tmp_path / "run", resume="old-text")


def test_resume_without_tokens_over_shuffled_lines_is_refused(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    train = {"out": tmp_path / "run", "recipe": "lstm-small", "resume": "auto"}
    nw.train(str(corpus_file), settings=settings(), **train)
    lines = corpus_file.read_text().splitlines(keepends=True)
    corpus_file.write_text("".join(reversed(lines)))
    shutil.rmtree(tmp_path / "run/tokens")
    longer = settings(training={"epochs": 3})

    with pytest.raises(MismatchError, match="started with another text"):
        nw.train(str(corpus_file), settings=longer, **train)

    # Without the record the checkpoint still knows what it was trained on.
    (tmp_path / "run/sources.json").unlink()
    with pytest.raises(MismatchError, match="trained on tokens with SHA-256"):
        nw.train(str(corpus_file), settings=longer, **train)


def test_resume_over_other_valid_ids_is_refused(corpus_file: Path, tmp_path: Path) -> None:
    count(corpus_file, tmp_path / "run")
    path = tmp_path / "run/tokens/train/ids.bin"
    status = path.stat()
    np.fromfile(path, dtype=np.uint8)[::-1].tofile(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    with pytest.raises(FormatError, match=r"ids\.bin is damaged: its SHA-256"):
        count(corpus_file, tmp_path / "run")


@pytest.mark.parametrize("is_recorded", [True, False])
def test_resume_over_changed_standard_input_is_refused(
    is_recorded: bool, corpus_file: Path, tmp_path: Path
) -> None:
    content = corpus_file.read_bytes()
    count("-", tmp_path / "run", standard_input=io.BytesIO(content))
    if not is_recorded:
        (tmp_path / "run/sources.json").unlink()

    count("-", tmp_path / "run", standard_input=io.BytesIO(content))
    with pytest.raises(MismatchError, match="is not the text that was encoded"):
        count("-", tmp_path / "run", standard_input=io.BytesIO(content.upper()))


def test_resume_of_an_older_run_without_record_compares_the_text(
    corpus_file: Path, tmp_path: Path
) -> None:
    count(corpus_file, tmp_path / "run")
    (tmp_path / "run/sources.json").unlink()
    upper_case(corpus_file)

    with pytest.raises(MismatchError, match="is not the text that was encoded"):
        count(corpus_file, tmp_path / "run")


@pytest.mark.parametrize("content", ["{", "[]", '{"format_version": 1, "folder": 3}'])
def test_resume_with_a_damaged_record_is_refused(
    content: str, corpus_file: Path, tmp_path: Path
) -> None:
    count(corpus_file, tmp_path / "run")
    (tmp_path / "run/sources.json").write_text(content)

    with pytest.raises(FormatError, match=r"sources\.json is damaged"):
        count(corpus_file, tmp_path / "run")


def test_resume_from_another_folder_finds_relative_texts(
    corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    count("corpus.txt", Path("run"))
    config = (tmp_path / "run/config.toml").read_text()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    nw.train(out="../run", resume="auto")
    count("../corpus.txt", Path("../run"))
    count(corpus_file, Path("../run"))

    assert (tmp_path / "run/config.toml").read_text() == config


def test_resume_of_a_run_moved_with_its_text_goes_on(
    corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").mkdir()
    corpus_file.rename(tmp_path / "old/corpus.txt")
    monkeypatch.chdir(tmp_path / "old")
    count("corpus.txt", Path("run"))
    (tmp_path / "old").rename(tmp_path / "new")
    monkeypatch.chdir(tmp_path / "new")

    assert count("corpus.txt", Path("run")).test is not None


def test_resume_from_another_folder_with_another_text_is_refused(
    corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    count("corpus.txt", Path("run"))
    other = tmp_path / "elsewhere" / "other.txt"
    other.parent.mkdir()
    other.write_text("one two\n" * 90)
    monkeypatch.chdir(other.parent)

    with pytest.raises(MismatchError, match=r"text\.train is other\.txt, but the run"):
        count("other.txt", Path("../run"))


def test_train_over_a_text_that_grows_meanwhile_is_refused(
    corpus_file: Path, tmp_path: Path
) -> None:
    def grow(stage: str, done: int, total: int | None = None) -> None:
        if stage.startswith("encoding the test"):
            with corpus_file.open("a") as file:
                file.write("one more\n")

    with pytest.raises(MismatchError, match=r"corpus\.txt was changed while it was encoded"):
        count(corpus_file, tmp_path / "run", on_progress=grow)

    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_train_stopped_while_encoding_leaves_nothing(
    error: type[BaseException], corpus_file: Path, tmp_path: Path
) -> None:
    def stop(stage: str, done: int, total: int | None = None) -> None:
        if stage.startswith("encoding"):
            raise error

    with pytest.raises(error):
        count(corpus_file, tmp_path / "run", on_progress=stop)

    assert not (tmp_path / "run").exists()
    count(corpus_file, tmp_path / "run", resume="never")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("part", ["train", "valid"])
def test_train_stopped_while_encoding_a_long_text_goes_on(
    part: str,
    error: type[BaseException],
    corpus_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store_builder, "MIN_KEPT_BYTES", 1)

    def stop(stage: str, done: int, total: int | None = None) -> None:
        if stage.startswith(f"encoding the {part}"):
            raise error

    with pytest.raises(error):
        count(corpus_file, tmp_path / "run", on_progress=stop)

    assert kept_text_bytes(tmp_path / "run" / "tokens") > 0
    with pytest.raises(ConfigError, match="is not empty"):
        count(corpus_file, tmp_path / "run", resume="never")
    count(corpus_file, tmp_path / "run")
    count(corpus_file, tmp_path / "whole")
    for name in ("ids.bin", "documents.npy", "unknown.npy"):
        for text in ("train", "valid", "test"):
            whole, resumed = (tmp_path / run / "tokens" / text / name for run in ("whole", "run"))
            assert resumed.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("name", ["tokens", "tokens/train", "checkpoints", "model", "plots"])
def test_train_in_a_run_with_a_linked_folder_is_refused(
    name: str, corpus_file: Path, tmp_path: Path
) -> None:
    count(corpus_file, tmp_path / "run")
    place = tmp_path / "run" / name
    if place.exists():
        place.rename(tmp_path / "moved")
    (tmp_path / "moved").mkdir(exist_ok=True)
    place.symlink_to(tmp_path / "moved")

    with pytest.raises(FormatError, match=f"{name} is a link to .*moved"):
        count(corpus_file, tmp_path / "run")


def test_train_replaces_a_link_among_the_tokens_and_leaves_its_target(
    corpus_file: Path, tmp_path: Path
) -> None:
    count(corpus_file, tmp_path / "run")
    ids = tmp_path / "run/tokens/train/ids.bin"
    precious = tmp_path / "precious"
    precious.write_text("mine")
    for name in ("ids.bin", "documents.npy", "unknown.npy", "store.json"):
        (ids.parent / name).unlink()
        (ids.parent / name).symlink_to(precious)
    (ids.parent / "store.json").unlink()

    count(corpus_file, tmp_path / "run")

    assert precious.read_text() == "mine"
    assert not ids.is_symlink()
    assert load_model_folder(tmp_path / "run/model").tensors


@pytest.mark.parametrize("missing", ["progress", "random", "environment"])
def test_resume_from_a_checkpoint_that_lacks_values_is_refused(
    missing: str, corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    train = {"out": tmp_path / "run", "recipe": "lstm-small", "resume": "auto"}
    nw.train(str(corpus_file), settings=settings(training={"max_steps": 2}), **train)
    folder = tmp_path / "run/checkpoints"
    checkpoint = load_latest_checkpoint(folder)
    assert checkpoint is not None
    values = {key: value for key, value in checkpoint.values.items() if key != missing}
    save_checkpoint(folder, step=3, tensors=checkpoint.tensors, values=values)

    with pytest.raises(
        FormatError, match=f"step 3 .*is not one of this training: KeyError '{missing}'"
    ):
        nw.train(str(corpus_file), settings=settings(training={"max_steps": 2}), **train)


def validated_on(path: Path) -> dict[str, Any]:
    return {**NGRAM["settings"], "text": {"valid": [str(path)]}}


def test_validation_text_that_is_training_text_is_warned_of(
    corpus_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = Path(shutil.copy(corpus_file, tmp_path / "copy.txt"))

    count(corpus_file, tmp_path / "run", settings=validated_on(copy))

    assert f"the validation text {copy} is also training text ({corpus_file})" in caplog.text


def test_folder_of_training_texts_as_validation_text_gives_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"line {number}\n" * 40)

    count(folder, tmp_path / "run", settings=validated_on(folder))

    assert caplog.text.count("also training text") == 1
    assert "So are 2 other files of it." in caplog.text


def test_training_text_named_twice_is_warned_of(
    corpus_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    count((str(corpus_file), str(corpus_file)), tmp_path / "run")

    assert f"the training text names {corpus_file} more than once" in caplog.text


def test_other_validation_text_has_no_warning(
    corpus_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "other.txt"
    other.write_text(corpus_file.read_text() * 2)

    count(corpus_file, tmp_path / "run", settings=validated_on(other))

    assert "also training text" not in caplog.text
