"""The files of a model, for `nextword info`."""

from pathlib import Path
from typing import Any

_MEBIBYTE = 2**20


def list_files(path: Path) -> list[dict[str, Any]]:
    """Return name and size of each file in a model folder, or of a model file.

    Args:
        path: The folder or file.
    """
    return [
        {"name": file.name, "num_bytes": file.stat().st_size}
        for file in (sorted(path.iterdir()) if path.is_dir() else [path])
        if file.is_file()
    ]


def file_rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the rows of a description with the path and the files of the model.

    Args:
        found: The description, with `path`, `num_bytes` and `files`.
    """
    return [
        ("path", f"{found['path']}, {found['num_bytes'] / _MEBIBYTE:.1f} MiB"),
        *((f"  {file['name']}", f"{file['num_bytes']:,} bytes") for file in found["files"]),
    ]
