"""The manifest of a folder: size and SHA-256 of every file, verified at each load.

The manifest is the last file of a save, so a folder with a valid manifest is complete. Folders are
flat: a manifest lists names without separators, which cannot point outside the folder.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from nextword.base import CheckpointError, FormatError, Values, write_bytes
from nextword.storage.format_version import DAMAGED_HELP, FORMAT_VERSION, check_format_version
from nextword.storage.values import parse_values

MANIFEST_NAME = "MANIFEST.json"

_LARGEST_MANIFEST = 1 << 20  # bytes; manifests of nextword have fewer than 1000
_HEX_DIGEST = re.compile("[0-9a-f]{64}")


def write_manifest(folder: Path) -> None:
    """Write the MANIFEST.json of a complete folder and flush it to disk.

    Args:
        folder: A flat folder whose files are complete and flushed to disk.

    Raises:
        CheckpointError: The folder contains something that is not a regular file.
    """
    paths = sorted(path for path in folder.iterdir() if path.name != MANIFEST_NAME)
    values = {
        "format_version": FORMAT_VERSION,
        "files": {path.name: _describe(path) for path in paths},
    }
    # No newline at the end, so a manifest without its last byte is not valid JSON.
    write_bytes(folder / MANIFEST_NAME, json.dumps(values, indent=2).encode("ascii"))


def verify_manifest(
    folder: Path, *, required: Iterable[str] = (), editable: Collection[str] = ()
) -> None:
    """Check that every listed file of a folder exists with its size and hash.

    Files that are not listed are ignored.

    Args:
        folder: A folder with a manifest.
        required: Names that the manifest must list.
        editable: Names that may have been edited or removed; they are not checked.

    Raises:
        FormatError: A file is missing or differs; the manifest is missing, damaged, lists a name
            outside the folder, or was written by a newer nextword.
    """
    path = folder / MANIFEST_NAME
    files = _listed_files(_read_manifest(path), path)
    for name in required:
        if name not in files:
            raise _damaged(f"{path} does not list {name}.")
    for name, description in files.items():
        if name not in editable:
            _verify_file(folder / name, description)


def _describe(path: Path) -> Values:
    if not path.is_file():
        raise CheckpointError(
            f"{path} is not a regular file; a folder with a manifest contains only files.",
            help="Move it to another folder.",
        )
    return {"size": path.stat().st_size, "sha256": _sha256(path)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(path: Path) -> Values:
    if not path.is_file():
        raise _damaged(f"{path} is missing; the folder is incomplete.")
    if path.stat().st_size > _LARGEST_MANIFEST:
        raise _damaged(
            f"{path} has {path.stat().st_size:,} bytes; a manifest has at most "
            f"{_LARGEST_MANIFEST:,}."
        )
    values = parse_values(path.read_bytes(), source=str(path))
    check_format_version(values, source=str(path))
    return values


def _listed_files(values: Values, path: Path) -> dict[str, Values]:
    """Return the checked descriptions of the files in a manifest, by name."""
    files = values.get("files")
    if set(values) != {"format_version", "files"} or not isinstance(files, dict):
        raise _damaged(f"{path} must contain exactly format_version and files.")
    for name, description in files.items():
        if name in {"", ".", ".."} or re.search(r"[/\\\x00]", name):
            raise _damaged(f"{path} lists {name!r}, which is not the name of a file in its folder.")
        if not _is_description(description):
            raise _damaged(f"{path} does not list size and sha256 of {name}.")
    return files


def _is_description(description: Any) -> bool:
    return (
        isinstance(description, dict)
        and set(description) == {"size", "sha256"}
        and type(description["size"]) is int
        and isinstance(description["sha256"], str)
        and _HEX_DIGEST.fullmatch(description["sha256"]) is not None
    )


def _verify_file(path: Path, description: Values) -> None:
    if not path.is_file():
        raise _damaged(f"{path} is missing.")
    size = path.stat().st_size
    if size != description["size"]:
        raise _damaged(f"{path} is damaged: {size} bytes instead of {description['size']}.")
    if _sha256(path) != description["sha256"]:
        raise _damaged(f"{path} is damaged: its SHA-256 is not the one in {MANIFEST_NAME}.")


def _damaged(message: str) -> FormatError:
    return FormatError(message, help=DAMAGED_HELP)
