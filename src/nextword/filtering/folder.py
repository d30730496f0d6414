"""The folder of results: which shards are complete, and with which settings they were made.

OUT/NAME                    the scored shard NAME
OUT/.filter/settings.json   settings, model and thresholds
OUT/.filter/shards/NAME     summary of the shard NAME; written after it
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from nextword.base import ConfigError, FormatError, MismatchError, Values, checked_path, write_json
from nextword.filtering.summary import ShardSummary, shard_summary
from nextword.storage import disk_errors
from nextword.text import find_files, shown_name

_RECORDS = ".filter"
_SETTINGS = "settings.json"
_SUMMARIES = "shards"
_FORMAT_VERSION = 1
#: Temporary files of `atomic_writer`.
_TEMPORARY = re.compile(r"\.(.+)\.[a-z0-9_]{8}\.tmp", re.DOTALL)


class FilterFolder:
    """A folder of results.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: Folder of the lock, the settings and the summaries.
        self.records = path / _RECORDS
        self._summaries = self.records / _SUMMARIES

    def create(self) -> None:
        """Create the folder if it does not exist.

        Raises:
            CheckpointError: It cannot be created.
            ConfigError: It is a file, or a folder with other content.
            FormatError: The folder of the records is a link.
        """
        if checked_path(self.path).exists() and not self.path.is_dir():
            raise ConfigError(f"{self.path} is not a folder.", help="Name a new or an empty one.")
        for folder in (self.records, self._summaries):
            if folder.is_symlink():
                raise FormatError(
                    f"{folder} is a link; nothing is written through it.",
                    help="Remove it, or choose another --out.",
                )
        is_new = not self.path.exists() or not any(self.path.iterdir())
        if not is_new and not self.records.is_dir():
            raise ConfigError(
                f"{self.path} is not empty, and is not a folder of scored shards.",
                help="Choose another --out.",
            )
        with disk_errors(self.path):
            self._summaries.mkdir(parents=True, exist_ok=True)

    def sweep(self, names: Sequence[str]) -> None:
        """Remove temporary files of calls that were killed; the lock must be held."""
        ours = {*names, _SETTINGS}
        with disk_errors(self.path):
            for folder in (self.path, self.records, self._summaries):
                for left in folder.iterdir():
                    match = _TEMPORARY.fullmatch(left.name)
                    if match is not None and match[1] in ours:
                        left.unlink()

    def target(self, name: str) -> Path:
        """Return the file for the result of a shard."""
        return self.path / name

    def saved_settings(self) -> Values | None:
        """Return the settings of the results; None if no shard is complete.

        Raises:
            FormatError: They are damaged.
        """
        path = self.records / _SETTINGS
        if not path.exists() or not any(self._summaries.iterdir()):
            return None
        values = _read_json(path)
        if (
            not isinstance(values, dict)
            or values.get("format_version") != _FORMAT_VERSION
            or not _are_thresholds(values.get("chosen_thresholds"))
        ):
            raise FormatError(f"{path} is damaged.", help="Choose another --out.")
        return values

    def save_settings(self, values: Values) -> None:
        """Write the settings."""
        with disk_errors(self.records):
            write_json(self.records / _SETTINGS, {"format_version": _FORMAT_VERSION, **values})

    def summary(self, source: Path) -> ShardSummary | None:
        """Return the summary of a complete shard.

        None is returned if the shard is not complete, has changed since, or its result has another
        size.
        """
        path, target = self._summaries / source.name, self.target(source.name)
        if not path.is_file() or not target.is_file():
            return None
        found, status = shard_summary(_read_json(path)), source.stat()
        if found is None or target.stat().st_size != found.written_bytes:
            return None
        is_same = (status.st_size, status.st_mtime_ns) == (
            found.source_bytes,
            found.source_modified_ns,
        )
        return found if is_same else None

    def save_summary(self, summary: ShardSummary) -> None:
        """Record that a shard is complete."""
        with disk_errors(self.records):
            write_json(self._summaries / summary.name, summary.to_dict())


def refuse_other_settings(values: Values, saved: Values, *, out: Path) -> None:
    """Raise an error for settings that differ from those of the results in a folder.

    Raises:
        MismatchError: They differ.
    """
    for key, value in values.items():
        if value != saved.get(key):
            raise MismatchError(
                f"{key} is {_shown(value)}, but the shards in {out} were scored with "
                f"{_shown(saved.get(key))}.",
                help="Use the same model and settings, or choose another --out.",
            )


def find_shards(names: Sequence[str], *, out: Path) -> list[Path]:
    """Return the files of shards, sorted within each name.

    Args:
        names: Files, folders or globs. Files in the folder of the results are left out.
        out: Folder of the results, which have the names of the shards.

    Raises:
        ConfigError: No shard is named, two have the same name, one is not a file, has a name that
            is not UTF-8, or all are in the folder of the results.
        DataError: There is no such file.
    """
    if not names:
        raise ConfigError("no shard is named.", help="Name files of JSON lines, such as *.jsonl.")
    found: dict[str, Path] = {}
    for path in (path for name in names for path in _files(name, out=out)):
        _check(path)
        other = found.setdefault(path.name, path)
        if other.absolute() != path.absolute():
            raise ConfigError(
                f"two shards have the same name: {shown_name(other)} and {shown_name(path)}.",
                help="Rename one, or use a folder of results for each.",
            )
    return list(found.values())


def _files(name: str, *, out: Path) -> list[Path]:
    """Return the files of a name, without those in the folder of the results."""
    if name == "-":
        raise ConfigError(
            "standard input cannot be filtered, because a call that is stopped reads it again.",
            help="Write it to a file.",
        )
    found = find_files(name)
    files = [path for path in found if out.resolve() not in path.resolve().parents]
    if not files:
        raise ConfigError(
            f"{shown_name(found[0])} is in {out}, where results are written.",
            help="Choose another --out.",
        )
    return files


def _check(path: Path) -> None:
    try:
        path.name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"the name of {shown_name(path)} is not UTF-8.", help="Rename the file."
        ) from error
    if not path.is_file() or path.name == _RECORDS:
        raise ConfigError(f"{shown_name(path)} is not a file.", help="Write it to a file.")


def _are_thresholds(value: object) -> bool:
    is_pair = isinstance(value, list) and len(value) == 2
    return is_pair and all(isinstance(each, float) for each in cast("list[object]", value))


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _shown(value: object) -> str:
    if value is None:
        return "not given"
    return repr(value) if not isinstance(value, list) else ", ".join(map(str, value))
