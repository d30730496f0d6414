import itertools
import json
import logging
import math
import pickle
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from nextword.base import ConfigError, DiskFullError, FormatError
from nextword.storage import (
    Checkpoint,
    load_checkpoint,
    load_latest_checkpoint,
    save_checkpoint,
    write_manifest,
)

Names = Callable[[Path], set[str]]
Killed = Callable[[Callable[[], object], int], bool]


def save(folder: Path, *, step: int, keep: int = 2) -> Path:
    return save_checkpoint(
        folder,
        step=step,
        tensors={
            "weight": torch.full((4, 3), float(step)),
            "generator": torch.arange(16, dtype=torch.uint8),
        },
        values={"epoch": step, "best": math.inf},
        keep=keep,
    )


def is_whole(checkpoint: Checkpoint) -> bool:
    return (
        torch.equal(checkpoint.tensors["weight"], torch.full((4, 3), float(checkpoint.step)))
        and torch.equal(checkpoint.tensors["generator"], torch.arange(16, dtype=torch.uint8))
        and checkpoint.values == {"epoch": checkpoint.step, "best": math.inf}
    )


def latest_step(folder: Path) -> int | None:
    checkpoint = load_latest_checkpoint(folder)
    if checkpoint is None:
        return None
    assert is_whole(checkpoint)
    return checkpoint.step


def damage(place: Path) -> None:
    (place / "values.json").write_text("half")


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], None]]:
    """Let the system refuse files above a size, in whatever language they are written."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_save_checkpoint_comes_back_whole(tmp_path: Path) -> None:
    save(tmp_path / "checkpoints", step=7)

    checkpoint = load_latest_checkpoint(tmp_path / "checkpoints")

    assert checkpoint is not None
    assert checkpoint.step == 7
    assert is_whole(checkpoint)


def test_save_checkpoint_writes_the_files_of_the_format(tmp_path: Path, names_in: Names) -> None:
    place = save(tmp_path, step=1234)

    assert place == tmp_path / "step-00001234"
    assert names_in(place) == {"tensors.safetensors", "values.json", "MANIFEST.json"}
    assert names_in(tmp_path) == {"step-00001234", "latest"}
    assert (tmp_path / "latest").read_text() == "step-00001234\n"


def test_save_checkpoint_keeps_the_newest(tmp_path: Path, names_in: Names) -> None:
    for step in (8, 9, 10, 11):
        save(tmp_path, step=step, keep=2)

    assert names_in(tmp_path) == {"step-00000010", "step-00000011", "latest"}


def test_save_checkpoint_after_going_back_removes_later_steps(
    tmp_path: Path, names_in: Names
) -> None:
    for step in (90, 100, 95):
        save(tmp_path, step=step)

    assert names_in(tmp_path) == {"step-00000090", "step-00000095", "latest"}
    assert latest_step(tmp_path) == 95


def test_save_checkpoint_same_step_replaces(tmp_path: Path) -> None:
    save(tmp_path, step=3)
    save_checkpoint(tmp_path, step=3, tensors={}, values={"second": True})

    checkpoint = load_latest_checkpoint(tmp_path)

    assert checkpoint is not None
    assert checkpoint.values == {"second": True}


def test_save_checkpoint_removes_what_a_killed_save_left(tmp_path: Path, names_in: Names) -> None:
    (tmp_path / "step-00000001.tmp").mkdir()
    (tmp_path / ".step-00000001.replaced").mkdir()
    (tmp_path / ".latest.abc.tmp").touch()

    save(tmp_path, step=2)

    assert names_in(tmp_path) == {"step-00000002", "latest"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"step": -1}, "step is -1; it must be at least 0"),
        ({"step": 1, "keep": 0}, "keep is 0; it must be at least 1"),
    ],
)
def test_save_checkpoint_bad_number_refuses(
    tmp_path: Path, arguments: dict[str, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        save(tmp_path, **arguments)


def test_save_checkpoint_full_disk_keeps_the_earlier_one(
    tmp_path: Path, names_in: Names, small_disk: Callable[[int], None]
) -> None:
    save(tmp_path, step=1)
    small_disk(5000)

    with pytest.raises(DiskFullError, match=r"larger than the system allows: .* written"):
        save_checkpoint(tmp_path, step=2, tensors={"weight": torch.zeros(5000)}, values={})

    assert latest_step(tmp_path) == 1
    assert names_in(tmp_path) == {"step-00000001", "latest"}


def test_save_checkpoint_full_disk_for_values_keeps_the_earlier_one(
    tmp_path: Path, small_disk: Callable[[int], None]
) -> None:
    save(tmp_path, step=1)
    small_disk(5000)

    with pytest.raises(DiskFullError, match=r"larger than the system allows: .* written"):
        save_checkpoint(tmp_path, step=2, tensors={}, values={"text": "long" * 5000})

    assert latest_step(tmp_path) == 1


def test_load_latest_checkpoint_nothing_saved_is_none(tmp_path: Path) -> None:
    assert load_latest_checkpoint(tmp_path / "missing") is None
    assert load_latest_checkpoint(tmp_path) is None


def test_load_latest_checkpoint_first_save_killed_is_none(tmp_path: Path) -> None:
    (tmp_path / "step-00000001.tmp").mkdir()

    assert load_latest_checkpoint(tmp_path) is None


def test_load_latest_checkpoint_follows_latest(tmp_path: Path) -> None:
    save(tmp_path, step=1)
    save(tmp_path, step=2)
    (tmp_path / "latest").write_text("step-00000001\n")

    assert latest_step(tmp_path) == 1


def test_load_latest_checkpoint_damaged_falls_back_and_warns(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path, step=1)
    damage(save(tmp_path, step=2))

    with caplog.at_level(logging.WARNING):
        assert latest_step(tmp_path) == 1

    assert "Skipping a checkpoint" in caplog.text
    assert "values.json is damaged" in caplog.text


@pytest.mark.parametrize("content", [b"", b"../../elsewhere\n", b"\xff", b"step-1"])
def test_load_latest_checkpoint_bad_latest_takes_the_newest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    save(tmp_path, step=1)
    save(tmp_path, step=2)
    (tmp_path / "latest").write_bytes(content)

    with caplog.at_level(logging.WARNING):
        assert latest_step(tmp_path) == 2

    assert "does not name a checkpoint" in caplog.text


def test_load_latest_checkpoint_lost_latest_takes_the_newest(tmp_path: Path) -> None:
    save(tmp_path, step=9)
    save(tmp_path, step=10)
    (tmp_path / "latest").unlink()

    assert latest_step(tmp_path) == 10


def test_load_latest_checkpoint_named_one_gone_takes_the_newest(tmp_path: Path) -> None:
    save(tmp_path, step=1)
    shutil.rmtree(save(tmp_path, step=2))

    assert latest_step(tmp_path) == 1


def test_load_latest_checkpoint_none_sound_lists_them(tmp_path: Path) -> None:
    for step in (1, 2):
        damage(save(tmp_path, step=step))

    with pytest.raises(
        FormatError, match=r"all checkpoints in .* are damaged \(step-00000002, step-00000001\)"
    ):
        load_latest_checkpoint(tmp_path)


def test_load_latest_checkpoint_newer_format_is_not_skipped(tmp_path: Path) -> None:
    save(tmp_path, step=1)
    place = save(tmp_path, step=2)
    (place / "values.json").write_text('{"format_version": 2}')
    write_manifest(place)

    with pytest.raises(FormatError, match="written by a newer nextword"):
        load_latest_checkpoint(tmp_path)


def test_load_checkpoint_renamed_folder_says_so(tmp_path: Path) -> None:
    place = save(tmp_path, step=1).rename(tmp_path / "step-00000009")

    with pytest.raises(FormatError, match="contains step 1; the folder was renamed"):
        load_checkpoint(place)


@pytest.mark.parametrize("content", [{"step": "1", "values": {}}, {"step": 1, "values": []}, {}])
def test_load_checkpoint_without_step_and_values_refuses(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    place = save(tmp_path, step=1)
    (place / "values.json").write_text(json.dumps({"format_version": 1, **content}))
    write_manifest(place)

    with pytest.raises(FormatError, match="has no step or no values"):
        load_checkpoint(place)


@pytest.mark.parametrize("name", ["tensors.safetensors", "values.json", "MANIFEST.json"])
def test_load_checkpoint_flipped_bit_or_lost_end_is_detected(
    tmp_path: Path, damaged_copies: Callable[[bytes, int], list[bytes]], name: str
) -> None:
    place = save(tmp_path, step=1)

    for content in damaged_copies((place / name).read_bytes(), 120):
        (place / name).write_bytes(content)
        with pytest.raises(FormatError):
            load_checkpoint(place)


def test_load_checkpoint_pickle_is_refused_and_never_run(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
            return (Path.mkdir, (tmp_path / "proof",))

    place = save(tmp_path, step=1)
    for name, protocol in itertools.product(("tensors.safetensors", "values.json"), range(6)):
        (place / name).write_bytes(pickle.dumps(Payload(), protocol=protocol))
        write_manifest(place)
        with pytest.raises(FormatError):
            load_checkpoint(place)

    assert not (tmp_path / "proof").exists()


@pytest.mark.parametrize(
    ("earlier", "step"),
    [
        ((), 1),
        ((1, 2), 3),
        pytest.param((1, 2), 2, marks=pytest.mark.exhaustive),
        pytest.param((1, 4), 3, marks=pytest.mark.exhaustive),
    ],
    ids=str,
)
def test_save_checkpoint_killed_at_any_call_loads_last_or_new(
    tmp_path: Path, killed_at_call: Killed, names_in: Names, earlier: tuple[int, ...], step: int
) -> None:
    template = tmp_path / "template"
    template.mkdir()
    for number in earlier:
        save(template, step=number)
    last = earlier[-1] if earlier else None
    kills = 0

    for number in itertools.count(1):
        folder = tmp_path / f"run-{number}"
        shutil.copytree(template, folder)
        killed = killed_at_call(lambda folder=folder: save(folder, step=step, keep=1), number)
        assert latest_step(folder) in ({last, step} if killed else {step})
        save(folder, step=step + 1, keep=1)
        assert names_in(folder) == {f"step-{step + 1:08d}", "latest"}
        shutil.rmtree(folder)
        kills += killed
        if not killed:
            break

    assert kills >= 15
