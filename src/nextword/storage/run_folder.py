"""The run folder: all files of one training run, and its metrics.

config.toml     the resolved settings, sufficient to repeat the run
sources.json    the texts as they were when the run began
metrics.jsonl   one metric record per line
checkpoints/    checkpoints to resume from
model/          the best model so far
tokens/         the encoded text
plots/          figures
report.html     the report
lock            locked while the run is active
"""

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from nextword.base import CheckpointError, FormatError, Values, with_nulls, write_bytes
from nextword.storage.disk import disk_errors, reason
from nextword.storage.lock import LOCK_NAME

#: Keys of a record that are numbers although their name has no "/".
_MEASURED = ("step", "epoch", "num_tokens_seen", "elapsed_s")
_LARGEST_COUNT = 2**63

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunFolder:
    """The paths of a run.

    Attributes:
        path: The folder.
    """

    path: Path

    @classmethod
    def create(cls, path: Path) -> "RunFolder":
        """Create the folder if it is missing.

        Raises:
            CheckpointError: The path is a file, or the folder cannot be created.
        """
        with disk_errors(path):
            path.mkdir(parents=True, exist_ok=True)
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Open the folder of an existing run.

        Raises:
            CheckpointError: There is no such folder.
            FormatError: It contains no config.toml.
        """
        if not path.is_dir():
            raise CheckpointError(f"there is no run folder {path}.", help="Check the path.")
        run = cls(path)
        if not run.config_file.is_file():
            raise FormatError(
                f"{path} is not a run folder: config.toml missing.",
                help="Name a folder that nextword train has written.",
            )
        return run

    @property
    def config_file(self) -> Path:
        """The resolved settings, TOML."""
        return self.path / "config.toml"

    @property
    def sources_file(self) -> Path:
        """The texts as they were when the run began, JSON."""
        return self.path / "sources.json"

    @property
    def lock_file(self) -> Path:
        """The lock that a training holds; see `RunLock`."""
        return self.path / LOCK_NAME

    @property
    def broken_metrics_file(self) -> Path:
        """Lines of the metrics that are not valid records."""
        return self.path / "metrics.jsonl.broken"

    @property
    def metrics_file(self) -> Path:
        """The metrics, one JSON record per line."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints_folder(self) -> Path:
        """The folder for `save_checkpoint`."""
        return self.path / "checkpoints"

    @property
    def model_folder(self) -> Path:
        """The best model so far."""
        return self.path / "model"

    @property
    def tokens_folder(self) -> Path:
        """The encoded text."""
        return self.path / "tokens"

    @property
    def plots_folder(self) -> Path:
        """Figures."""
        return self.path / "plots"

    @property
    def report_file(self) -> Path:
        """The report, one HTML file."""
        return self.path / "report.html"

    def is_empty(self) -> bool:
        """Return whether the folder is empty, apart from the lock and hidden files."""
        names = {path.name for path in self.path.iterdir()}
        return all(name == LOCK_NAME or name.startswith(".") for name in names)

    def has_checkpoint(self) -> bool:
        """Return whether there is a checkpoint to resume from."""
        return any(self.checkpoints_folder.glob("step-????????/MANIFEST.json"))

    def refuse_links(self) -> None:
        """Raise an error if a folder of the run is a link; files elsewhere would be replaced.

        Raises:
            FormatError: One of the run's folders, or its metrics, is a symbolic link.
        """
        folders = (
            self.tokens_folder,
            *self.tokens_folder.glob("*"),
            self.checkpoints_folder,
            self.model_folder,
            self.plots_folder,
        )
        for path in (*folders, self.metrics_file, self.broken_metrics_file):
            if path.is_symlink():
                raise FormatError(
                    f"{path} is a link to {path.readlink()}; a run does not write through links.",
                    help="Remove the link, or move the whole run folder to the other disk.",
                )

    def write_config(self, text: str) -> None:
        """Replace config.toml atomically.

        Raises:
            CheckpointError: The file cannot be written.
        """
        with disk_errors(self.config_file):
            write_bytes(self.config_file, text.encode("utf-8"))

    def read_config(self) -> str:
        """Return the text of config.toml.

        Raises:
            CheckpointError: It cannot be read.
            FormatError: It is not UTF-8.
        """
        try:
            return self.config_file.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise FormatError(f"{self.config_file} is not UTF-8: {error}.") from error
        except OSError as error:
            raise CheckpointError(f"cannot read {self.config_file}: {reason(error)}.") from error

    def append_metrics(self, record: Mapping[str, Any]) -> None:
        """Append one record as one line; NaN and infinities become null.

        An incomplete last line of a killed run is removed first.

        Args:
            record: Nested JSON values.

        Raises:
            CheckpointError: The file cannot be written.
        """
        line = json.dumps(with_nulls(record), allow_nan=False) + "\n"
        with disk_errors(self.metrics_file), self.metrics_file.open("a+b") as file:
            _drop_half_line(file)
            file.write(line.encode("ascii"))

    def read_metrics(self) -> list[Values]:
        """Return all records in order; lines that are not valid records are skipped.

        Raises:
            CheckpointError: The file cannot be read.
        """
        return [record for _, record in self._lines() if record is not None]

    def truncate_metrics(self, *, after_step: int) -> None:
        """Remove the records of later steps, which a resumed run will write again.

        Records without a "step" are kept. Lines that are not valid records are moved to
        `metrics.jsonl.broken`, and a warning is logged.

        Args:
            after_step: The last step whose records are kept.

        Raises:
            CheckpointError: The file cannot be written.
        """
        lines = self._lines()
        broken = [line for line, record in lines if record is None]
        kept = [line for line, record in lines if record and _step(record) <= after_step]
        if not self.metrics_file.exists():
            return
        with disk_errors(self.metrics_file):
            if broken:
                self._move_to_broken(broken)
            write_bytes(self.metrics_file, b"".join(kept))

    def _move_to_broken(self, broken: list[bytes]) -> None:
        with self.broken_metrics_file.open("ab") as file:
            file.writelines(broken)
        _logger.warning(
            "%s had %d lines that are not valid records; they were moved to %s.",
            self.metrics_file,
            len(broken),
            self.broken_metrics_file.name,
        )

    def _lines(self) -> list[tuple[bytes, Values | None]]:
        """Return every complete line with its record; None if the line is not a valid record."""
        if not self.metrics_file.exists():
            return []
        try:
            complete = self.metrics_file.read_bytes().split(b"\n")[:-1]
        except OSError as error:
            raise CheckpointError(
                f"cannot read {self.metrics_file}: {reason(error)}.",
                help="Move it to another folder.",
            ) from error
        return [(line + b"\n", _record(line)) for line in complete]


def _record(line: bytes) -> Values | None:
    """Return the record of a line; None if it is not a JSON object or a metric is not a number."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    measured = (value for key, value in record.items() if "/" in key or key in _MEASURED)
    return record if all(_is_measurement(value) for value in measured) else None


def _is_measurement(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, int) and abs(value) <= _LARGEST_COUNT)


def _step(record: Values) -> float:
    step = record.get("step")
    return step if isinstance(step, int | float) else -math.inf


def _drop_half_line(file: BinaryIO) -> None:
    """Truncate a file, opened for appending, after its last complete line."""
    end = file.seek(0, 2)
    if end == 0:
        return
    file.seek(end - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
