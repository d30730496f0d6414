"""The run folder: where everything about one training run lies, and its file of metrics.

Knows nothing of training: the configuration is text, a metric record is nested JSON values.

    config.toml     the resolved configuration, enough to rerun
    sources.json    what the texts were when the run began
    metrics.jsonl   one record a line
    checkpoints/    to resume from
    model/          the best model so far
    tokens/         the encoded text
    plots/          figures
    report.html     the report
    lock            held while the run goes on
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
    """The places of a run.

    Attributes:
        path: The folder itself.
    """

    path: Path

    @classmethod
    def create(cls, path: Path) -> "RunFolder":
        """Make the folder where it is missing, and give its places.

        Raises:
            CheckpointError: It is a file, or the disk refuses.
        """
        with disk_errors(path):
            path.mkdir(parents=True, exist_ok=True)
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Give the places of a run that has begun.

        Raises:
            CheckpointError: There is no such folder.
            FormatError: It holds no config.toml.
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
        """The resolved configuration, TOML."""
        return self.path / "config.toml"

    @property
    def sources_file(self) -> Path:
        """What the texts were when the run began, JSON."""
        return self.path / "sources.json"

    @property
    def broken_metrics_file(self) -> Path:
        """Lines that stood in the metrics and are no records."""
        return self.path / "metrics.jsonl.broken"

    @property
    def metrics_file(self) -> Path:
        """One JSON record a line."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints_folder(self) -> Path:
        """What `save_checkpoint` takes."""
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
        """Tell whether no run has left anything here; the lock and hidden files do not count."""
        names = {path.name for path in self.path.iterdir()}
        return all(name == LOCK_NAME or name.startswith(".") for name in names)

    def has_checkpoint(self) -> bool:
        """Tell whether there is something to go on from."""
        return any(self.checkpoints_folder.glob("step-????????/MANIFEST.json"))

    def refuse_links(self) -> None:
        """Refuse a run whose folders are links: what nextword replaces would lie elsewhere.

        Raises:
            FormatError: One of the run's own folders, or its metrics, is a symbolic link.
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
                    f"{path} is a link to {path.readlink()}; a run writes through no link.",
                    help="Remove the link, or put the whole run folder where there is room.",
                )

    def write_config(self, text: str) -> None:
        """Replace config.toml, durably.

        Raises:
            CheckpointError: The disk refuses.
        """
        with disk_errors(self.config_file):
            write_bytes(self.config_file, text.encode("utf-8"))

    def read_config(self) -> str:
        """Give the text of config.toml.

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
        """Add one record as one line; NaN and infinities become null.

        A half-written line of a run that was killed is dropped first.

        Raises:
            CheckpointError: The disk refuses.
        """
        line = json.dumps(with_nulls(record), allow_nan=False) + "\n"
        with disk_errors(self.metrics_file), self.metrics_file.open("a+b") as file:
            _drop_half_line(file)
            file.write(line.encode("ascii"))

    def read_metrics(self) -> list[Values]:
        """Give all records, in order; lines that are no records are left out.

        Raises:
            CheckpointError: The file cannot be read.
        """
        return [record for _, record in self._lines() if record is not None]

    def truncate_metrics(self, *, after_step: int) -> None:
        """Keep only records up to and with a step, so that a resumed run repeats none.

        Records without a "step" stay. Lines that are no records are moved to
        `metrics.jsonl.broken`, with a warning.

        Raises:
            CheckpointError: The disk refuses.
        """
        lines = self._lines()
        broken = [line for line, record in lines if record is None]
        kept = [line for line, record in lines if record and _step(record) <= after_step]
        if not self.metrics_file.exists():
            return
        with disk_errors(self.metrics_file):
            if broken:
                self._set_aside(broken)
            write_bytes(self.metrics_file, b"".join(kept))

    def _set_aside(self, broken: list[bytes]) -> None:
        with self.broken_metrics_file.open("ab") as file:
            file.writelines(broken)
        _logger.warning(
            "%s had %d lines that are no records; they are in %s now.",
            self.metrics_file,
            len(broken),
            self.broken_metrics_file.name,
        )

    def _lines(self) -> list[tuple[bytes, Values | None]]:
        """Give every complete line with its record; None where it is none."""
        if not self.metrics_file.exists():
            return []
        try:
            complete = self.metrics_file.read_bytes().split(b"\n")[:-1]
        except OSError as error:
            raise CheckpointError(
                f"Cannot read {self.metrics_file}: {reason(error)}.", help="Move it elsewhere."
            ) from error
        return [(line + b"\n", _record(line)) for line in complete]


def _record(line: bytes) -> Values | None:
    """Parse a line; None where it is no JSON object, or a measurement in it is no number."""
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
    """Cut a file open for appending back to its last complete line."""
    end = file.seek(0, 2)
    if end == 0:
        return
    file.seek(end - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
