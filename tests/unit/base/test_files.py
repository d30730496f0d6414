import json
import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.base import (
    atomic_writer,
    file_mode_under_umask,
    fsync_file,
    fsync_folder,
    write_bytes,
    write_json,
)

umasks = pytest.mark.parametrize("umask", [0o022, 0o077, 0o002], ids=oct)


@contextmanager
def process_umask(umask: int) -> Iterator[None]:
    before = os.umask(umask)
    try:
        yield
    finally:
        os.umask(before)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_half(path: Path, *, error: type[BaseException]) -> None:
    with atomic_writer(path) as file:
        file.write(b"half")
        raise error


def test_atomic_writer_success_leaves_the_content_and_nothing_else(tmp_path: Path) -> None:
    with atomic_writer(tmp_path / "file") as file:
        file.write(b"new")

    assert (tmp_path / "file").read_bytes() == b"new"
    assert names_in(tmp_path) == ["file"]


def test_atomic_writer_inside_the_block_shows_the_old_content(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")

    with atomic_writer(tmp_path / "file") as file:
        file.write(b"new")
        file.flush()
        seen = (tmp_path / "file").read_bytes()

    assert seen == b"old"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_atomic_writer_error_leaves_the_old_file_and_no_temporary(
    tmp_path: Path, error: type[BaseException]
) -> None:
    (tmp_path / "file").write_bytes(b"old")

    with pytest.raises(error):
        write_half(tmp_path / "file", error=error)

    assert (tmp_path / "file").read_bytes() == b"old"
    assert names_in(tmp_path) == ["file"]


def test_atomic_writer_error_on_a_new_file_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "file", error=KeyboardInterrupt)

    assert names_in(tmp_path) == []


def test_atomic_writer_refused_rename_leaves_no_temporary(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()

    with pytest.raises(IsADirectoryError), atomic_writer(tmp_path / "taken") as file:
        file.write(b"new")

    assert names_in(tmp_path) == ["taken"]


def test_atomic_writer_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_writer(tmp_path / "no" / "file"):
        pytest.fail("the block must not run")


@umasks
def test_atomic_writer_permissions_follow_the_umask(tmp_path: Path, umask: int) -> None:
    with process_umask(umask):
        write_bytes(tmp_path / "file", b"")

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~umask


@umasks
def test_file_mode_under_umask_leaves_the_umask_as_it_was(umask: int) -> None:
    with process_umask(umask):
        mode = file_mode_under_umask()
        after = os.umask(umask)

    assert (mode, after) == (0o666 & ~umask, umask)


@settings(max_examples=10)
@given(st.binary(max_size=50), st.binary(max_size=50))
def test_write_bytes_replaces_the_content(
    tmp_path_factory: pytest.TempPathFactory, first: bytes, second: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "replaced"

    write_bytes(path, first)
    write_bytes(path, second)

    assert path.read_bytes() == second


def test_write_json_keeps_key_order_and_unicode_and_ends_the_line(tmp_path: Path) -> None:
    write_json(tmp_path / "file", {"b": "ŷ", "a": [1, None]})

    text = (tmp_path / "file").read_text(encoding="utf-8")
    assert json.loads(text) == {"b": "ŷ", "a": [1, None]}
    assert text.index('"b"') < text.index('"a"')
    assert "ŷ" in text
    assert text.endswith("}\n")


def test_write_json_number_that_is_not_finite_is_refused_and_old_file_kept(tmp_path: Path) -> None:
    write_json(tmp_path / "file", 1)

    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "file", {"loss": math.nan})

    assert (tmp_path / "file").read_text() == "1\n"


def test_fsync_makes_file_and_folder_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))

    fsync_file(path)
    fsync_folder(tmp_path)

    assert synced == [path.stat().st_ino, tmp_path.stat().st_ino]


def test_atomic_writer_syncs_the_file_before_and_the_folder_after_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[tuple[bool, bool]] = []

    def note(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        events.append((is_folder, (tmp_path / "file").exists()))

    monkeypatch.setattr(os, "fsync", note)

    write_bytes(tmp_path / "file", b"new")

    assert events == [(False, False), (True, True)]
