from pathlib import Path

import pytest

from nextword.base import created_folder


def test_created_folders_stay_when_the_block_ends(tmp_path: Path) -> None:
    with created_folder(tmp_path / "a" / "b"):
        pass

    assert (tmp_path / "a" / "b").is_dir()


def test_created_folders_are_removed_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), created_folder(tmp_path / "a" / "b"):
        raise KeyboardInterrupt

    assert list(tmp_path.iterdir()) == []


def fail_in(folder: Path, *, made: Path | None = None) -> None:
    with created_folder(folder):
        if made is not None:
            made.touch()
        raise OSError("full")


def test_folders_that_were_there_or_are_not_empty_stay(tmp_path: Path) -> None:
    (tmp_path / "a" / "empty").mkdir(parents=True)

    with pytest.raises(OSError, match="full"):
        fail_in(tmp_path / "a" / "b" / "c", made=tmp_path / "a" / "b" / "file")
    with pytest.raises(OSError, match="full"):
        fail_in(tmp_path / "a" / "empty")

    assert (tmp_path / "a" / "b" / "file").exists()
    assert not (tmp_path / "a" / "b" / "c").exists()
    assert (tmp_path / "a" / "empty").is_dir()
