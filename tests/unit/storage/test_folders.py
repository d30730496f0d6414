import errno
import itertools
import os
import random
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from nextword.base import CheckpointError
from nextword.storage import read_folder, recover_folder, save_folder, verify_manifest
from nextword.storage.manifest import MANIFEST_NAME

Names = Callable[[Path], set[str]]
Killed = Callable[[Callable[[], object], int], bool]


def writer(content: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "first").write_text(content)
        (folder / "second").write_text(content * 100)

    return write


def read_content(folder: Path) -> str:
    verify_manifest(folder)
    content = (folder / "first").read_text()
    assert (folder / "second").read_text() == content * 100
    return content


def interrupted(folder: Path, *, complete: bool) -> None:
    """Leave `folder` as a crash between the two renames of a replacement does."""
    save_folder(folder, writer("old"))
    folder.rename(folder.with_name(f".{folder.name}.replaced"))
    save_folder(folder.with_name("elsewhere"), writer("new"))
    temporary = folder.with_name("elsewhere").rename(folder.with_name(f"{folder.name}.tmp"))
    if not complete:
        (temporary / "second").write_text("half")


def full_at(call: Callable[..., object], number: int) -> Callable[..., object]:
    """Wrap a system call: the disk is full at its `number`-th use, from 0."""
    uses = itertools.count()

    def wrapper(*arguments: object, **keywords: object) -> object:
        if next(uses) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return call(*arguments, **keywords)

    return wrapper


def test_save_folder_fresh_has_its_files_and_a_manifest(tmp_path: Path, names_in: Names) -> None:
    save_folder(tmp_path / "deep" / "model", writer("new"))

    assert names_in(tmp_path / "deep" / "model") == {"first", "second", MANIFEST_NAME}
    assert names_in(tmp_path / "deep") == {"model"}


def test_save_folder_again_replaces_and_leaves_nothing_over(
    tmp_path: Path, names_in: Names
) -> None:
    save_folder(tmp_path / "model", writer("old"))
    save_folder(tmp_path / "model", writer("new"))

    assert read_content(tmp_path / "model") == "new"
    assert names_in(tmp_path) == {"model"}


def test_save_folder_private_file_gets_the_mode_of_the_umask(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        (folder / "weights").touch(mode=0o600)

    umask = os.umask(0o027)
    try:
        save_folder(tmp_path / "model", write)
    finally:
        os.umask(umask)

    assert stat.S_IMODE((tmp_path / "model" / "weights").stat().st_mode) == 0o640


def test_save_folder_leftover_of_a_crash_is_removed_first(tmp_path: Path, names_in: Names) -> None:
    (tmp_path / "model.tmp").mkdir()
    (tmp_path / "model.tmp" / "half").write_text("half")

    save_folder(tmp_path / "model", writer("new"))

    assert "half" not in names_in(tmp_path / "model")


def test_save_folder_through_a_link_replaces_the_real_folder(tmp_path: Path) -> None:
    save_folder(tmp_path / "real", writer("old"))
    (tmp_path / "link").symlink_to(tmp_path / "real")

    save_folder(tmp_path / "link", writer("new"))

    assert read_content(tmp_path / "real") == "new"
    assert (tmp_path / "link").is_symlink()


def test_save_folder_foreign_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("precious")

    with pytest.raises(CheckpointError, match="thesis exists and was not written by nextword"):
        save_folder(tmp_path / "thesis", writer("new"))

    assert (tmp_path / "thesis" / "chapter").read_text() == "precious"


def test_save_folder_neighbour_named_old_stays(tmp_path: Path) -> None:
    (tmp_path / "model.old").mkdir()
    save_folder(tmp_path / "model", writer("first"))

    save_folder(tmp_path / "model", writer("second"))

    assert (tmp_path / "model.old").is_dir()


def test_save_folder_error_of_the_writer_leaves_the_earlier_one(
    tmp_path: Path, names_in: Names
) -> None:
    def fail(folder: Path) -> None:
        (folder / "first").write_text("half")
        raise KeyboardInterrupt

    save_folder(tmp_path / "model", writer("old"))

    with pytest.raises(KeyboardInterrupt):
        save_folder(tmp_path / "model", fail)

    assert read_content(tmp_path / "model") == "old"
    assert names_in(tmp_path) == {"model"}


def test_save_folder_parent_is_a_file_gives_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")

    with pytest.raises(CheckpointError, match=r"cannot save .*model: "):
        save_folder(tmp_path / "file" / "model", writer("new"))


@pytest.mark.parametrize("name", ["chmod", "fsync", "rename", "replace"])
def test_save_folder_disk_full_at_any_call_leaves_a_sound_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    call = getattr(os, name)
    messages = []
    for number in itertools.count():
        folder = tmp_path / f"run-{number}" / "model"
        save_folder(folder, writer("old"))
        monkeypatch.setattr(os, name, full_at(call, number))
        try:
            save_folder(folder, writer("new"))
        except CheckpointError as error:
            messages.append(error.message)
        else:
            break
        finally:
            monkeypatch.setattr(os, name, call)
        assert read_folder(folder, read_content) in {"old", "new"}
        assert not folder.with_name("model.tmp").exists()

    assert messages
    assert all("the disk is full" in message for message in messages)
    assert read_content(folder) == "new"


def test_save_folder_disk_full_while_writing_leaves_the_earlier_one(
    tmp_path: Path, names_in: Names
) -> None:
    def full(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    save_folder(tmp_path / "model", writer("old"))

    with pytest.raises(CheckpointError, match="the disk is full") as caught:
        save_folder(tmp_path / "model", full)

    assert "What was saved there before is complete" in caught.value.help
    assert read_content(tmp_path / "model") == "old"
    assert names_in(tmp_path) == {"model"}


def test_recover_folder_complete_new_one_wins(tmp_path: Path, names_in: Names) -> None:
    interrupted(tmp_path / "model", complete=True)

    recover_folder(tmp_path / "model")

    assert read_content(tmp_path / "model") == "new"
    assert names_in(tmp_path) == {"model"}


def test_recover_folder_incomplete_new_one_brings_the_old_back(tmp_path: Path) -> None:
    interrupted(tmp_path / "model", complete=False)

    recover_folder(tmp_path / "model")

    assert read_content(tmp_path / "model") == "old"


def test_recover_folder_present_leaves_a_running_save_alone(
    tmp_path: Path, names_in: Names
) -> None:
    save_folder(tmp_path / "model", writer("old"))
    (tmp_path / "model.tmp").mkdir()

    recover_folder(tmp_path / "model")

    assert names_in(tmp_path) == {"model", "model.tmp"}


def test_recover_folder_nothing_there_does_nothing(tmp_path: Path, names_in: Names) -> None:
    recover_folder(tmp_path / "model")

    assert names_in(tmp_path) == set()


def test_recover_folder_refused_by_the_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    interrupted(tmp_path / "model", complete=True)
    monkeypatch.setattr(os, "rename", refuse)

    with pytest.raises(CheckpointError, match=r"cannot rename .*model\.tmp to model: Read-only"):
        recover_folder(tmp_path / "model")


def test_read_folder_replaced_meanwhile_reads_again(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    save_folder(folder, writer("old"))
    seen: list[str] = []

    def slow_read(place: Path) -> str:
        seen.append((place / "first").read_text())
        if len(seen) == 1:
            save_folder(folder, writer("new"))
        return seen[-1] + (place / "second").read_text()[:3]

    assert read_folder(folder, slow_read) == "newnew"


def test_read_folder_gone_meanwhile_reads_again(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    save_folder(folder, writer("old"))
    attempts: list[int] = []

    def failing_read(place: Path) -> str:
        attempts.append(1)
        if len(attempts) == 1:
            save_folder(folder, writer("new"))
            raise FileNotFoundError(place)
        return read_content(place)

    assert read_folder(folder, failing_read) == "new"


def test_read_folder_replaced_every_time_gives_up(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    save_folder(folder, writer("old"))

    with pytest.raises(CheckpointError, match="was replaced 10 times"):
        read_folder(folder, lambda place: save_folder(place, writer("new")))


def test_read_folder_unreadable_gives_the_reason(tmp_path: Path) -> None:
    def refuse(place: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with pytest.raises(CheckpointError, match=r"cannot read .*model: Permission denied"):
        read_folder(tmp_path / "model", refuse)


def test_save_folder_reader_that_finishes_the_replacement_does_not_fail_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    save_folder(folder, writer("old"))
    rename = os.rename

    def rename_then_read(source: Path, target: Path) -> None:
        rename(source, target)
        monkeypatch.setattr(os, "rename", rename)
        recover_folder(folder)

    monkeypatch.setattr(os, "rename", rename_then_read)

    save_folder(folder, writer("new"))

    assert read_content(folder) == "new"


@pytest.mark.parametrize("earlier", ["none", "old", "interrupted"])
def test_save_folder_killed_at_any_call_leaves_old_or_new(
    tmp_path: Path, killed_at_call: Killed, names_in: Names, earlier: str
) -> None:
    template = tmp_path / "template"
    template.mkdir()
    if earlier == "old":
        save_folder(template / "model", writer("old"))
    if earlier == "interrupted":
        interrupted(template / "model", complete=False)
    kills = 0

    for number in itertools.count(1):
        run = tmp_path / f"run-{number}"
        shutil.copytree(template, run)
        folder = run / "model"
        killed = killed_at_call(lambda folder=folder: save_folder(folder, writer("new")), number)
        recover_folder(folder)
        if earlier != "none" or folder.exists():
            assert read_folder(folder, read_content) in ({"old", "new"} if killed else {"new"})
        save_folder(folder, writer("next"))
        assert read_content(folder) == "next"
        assert names_in(run) == {"model"}
        shutil.rmtree(run)
        kills += killed
        if not killed:
            break

    assert kills >= 10


@pytest.mark.exhaustive
def test_save_folder_killed_at_random_times_leaves_old_or_new(
    tmp_path: Path, killed_after: Callable[[Callable[[], object], float], bool]
) -> None:
    folder = tmp_path / "model"
    save_folder(folder, writer("0"))
    generator = random.Random(0)

    def save_on_and_on() -> None:
        for number in itertools.count():
            save_folder(folder, writer(str(number % 10)))

    for _ in range(60):
        assert killed_after(save_on_and_on, generator.uniform(0.0, 0.03))
        assert read_folder(folder, read_content) in set("0123456789")
