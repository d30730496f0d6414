import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import CheckpointError, FormatError
from nextword.storage import verify_manifest, write_manifest
from nextword.storage.manifest import MANIFEST_NAME


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "weights").write_bytes(bytes(range(256)))
    (tmp_path / "notes").write_bytes(b"first")
    write_manifest(tmp_path)
    return tmp_path


def edit(folder: Path, **changes: Any) -> None:
    path = folder / MANIFEST_NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_write_manifest_lists_size_and_hash_of_each_file(folder: Path) -> None:
    values = json.loads((folder / MANIFEST_NAME).read_text())

    assert set(values["files"]) == {"weights", "notes"}
    assert values["files"]["notes"] == {
        "size": 5,
        "sha256": "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e",
    }


def test_write_manifest_again_does_not_list_itself(folder: Path) -> None:
    write_manifest(folder)

    verify_manifest(folder, required=["weights"])


def test_write_manifest_inner_folder_refuses(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()

    with pytest.raises(CheckpointError, match="inner is not a regular file"):
        write_manifest(tmp_path)


def test_verify_manifest_unlisted_file_is_ignored(folder: Path) -> None:
    (folder / "mine.txt").write_text("a remark")

    verify_manifest(folder)


def test_verify_manifest_missing_file_names_it(folder: Path) -> None:
    (folder / "weights").unlink()

    with pytest.raises(FormatError, match="weights is missing"):
        verify_manifest(folder)


def test_verify_manifest_pipe_in_place_of_file_refuses(folder: Path) -> None:
    (folder / "weights").unlink()
    os.mkfifo(folder / "weights")

    with pytest.raises(FormatError, match="weights is missing"):
        verify_manifest(folder)


def test_verify_manifest_shorter_file_says_both_sizes(folder: Path) -> None:
    (folder / "weights").write_bytes(b"abc")

    with pytest.raises(FormatError, match="weights is damaged: 3 bytes instead of 256"):
        verify_manifest(folder)


def test_verify_manifest_changed_byte_names_the_file(folder: Path) -> None:
    (folder / "notes").write_bytes(b"fjrst")

    with pytest.raises(FormatError, match="notes is damaged: its SHA-256"):
        verify_manifest(folder)


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b"mine"), Path.unlink])
def test_verify_manifest_editable_file_may_change_or_go(folder: Path, change: Any) -> None:
    change(folder / "notes")

    verify_manifest(folder, editable={"notes"})


def test_verify_manifest_required_file_not_listed_refuses(folder: Path) -> None:
    with pytest.raises(FormatError, match="does not list tokenizer"):
        verify_manifest(folder, required=["tokenizer"])


def test_verify_manifest_without_manifest_says_incomplete(folder: Path) -> None:
    (folder / MANIFEST_NAME).unlink()

    with pytest.raises(FormatError, match="is missing; the folder is incomplete"):
        verify_manifest(folder)


def test_verify_manifest_newer_version_says_upgrade(folder: Path) -> None:
    edit(folder, format_version=2, novelty=True)

    with pytest.raises(FormatError, match="written by a newer nextword"):
        verify_manifest(folder)


def test_verify_manifest_unknown_key_refuses(folder: Path) -> None:
    edit(folder, novelty=True)

    with pytest.raises(FormatError, match="must contain exactly format_version and files"):
        verify_manifest(folder)


@pytest.mark.parametrize("name", ["../secret", "/etc/hosts", "..", ".", "", "a\\b", "a\0b", "a/b"])
def test_verify_manifest_name_outside_the_folder_refuses(folder: Path, name: str) -> None:
    edit(folder, files={name: {"size": 0, "sha256": "0" * 64}})

    with pytest.raises(FormatError, match="which is not the name of a file in its folder"):
        verify_manifest(folder)


@pytest.mark.parametrize(
    "description",
    [None, {}, {"size": 5}, {"size": "5", "sha256": "0" * 64}, {"size": 5, "sha256": "0"}],
)
def test_verify_manifest_bad_description_refuses(folder: Path, description: Any) -> None:
    edit(folder, files={"notes": description})

    with pytest.raises(FormatError, match="does not list size and sha256 of notes"):
        verify_manifest(folder)


def test_verify_manifest_huge_manifest_is_not_read(folder: Path) -> None:
    os.truncate(folder / MANIFEST_NAME, 1 << 31)

    with pytest.raises(FormatError, match="a manifest has at most 1,048,576"):
        verify_manifest(folder)


def test_verify_manifest_each_byte_of_the_manifest_counts(folder: Path) -> None:
    path = folder / MANIFEST_NAME
    content = path.read_bytes()
    undetected = []

    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        try:
            verify_manifest(folder)
        except FormatError:
            continue
        undetected.append(place)

    assert undetected == []


def test_verify_manifest_each_truncation_is_detected(folder: Path) -> None:
    path = folder / MANIFEST_NAME
    content = path.read_bytes()

    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(FormatError):
            verify_manifest(folder)


@given(content=st.binary(), change=st.binary())
def test_verify_manifest_accepts_just_the_content_described(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, change: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "weights").write_bytes(content)
    write_manifest(folder)
    verify_manifest(folder)
    (folder / "weights").write_bytes(content + change)

    if change:
        with pytest.raises(FormatError):
            verify_manifest(folder)
