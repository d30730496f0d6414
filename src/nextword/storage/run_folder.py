"""The run folder: where everything about one training run lies, and its file of metrics.

Knows nothing of training: the configuration is text, a metric record is nested JSON values.

    config.toml     the resolved configuration, enough to rerun
    metrics.jsonl   one record a line
    checkpoints/    to resume from
    model/          the best model so far
    tokens/         the encoded text
    plots/          figures
    report.html     the report
    lock            held while the run goes on
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from nextword.base import CheckpointError, FormatError, Values, with_nulls, write_bytes
from nextword.storage.disk import disk_errors, reason
from nextword.storage.lock import LOCK_NAME


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
        """Give all records, in order; a half-written last line is left out.

        Raises:
            FormatError: A line that is not the last one is no JSON object.
        """
        return [record for _, record in self._lines()]

    def truncate_metrics(self, *, after_step: int) -> None:
        """Keep only records up to and with a step, so that a resumed run repeats none.

        Records without a "step" stay.

        Raises:
            FormatError: A line that is not the last one is no JSON object.
            CheckpointError: The disk refuses.
        """
        kept = [line for line, record in self._lines() if _step(record) <= after_step]
        if self.metrics_file.exists():
            with disk_errors(self.metrics_file):
                write_bytes(self.metrics_file, b"".join(kept))

    def _lines(self) -> list[tuple[bytes, Values]]:
        if not self.metrics_file.exists():
            return []
        complete = self.metrics_file.read_bytes().split(b"\n")[:-1]
        return [
            (line + b"\n", self._parse(line, number=number))
            for number, line in enumerate(complete, 1)
        ]

    def _parse(self, line: bytes, *, number: int) -> Values:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise FormatError(
                f"{self.metrics_file} line {number} is not a JSON object.",
                help="Remove that line.",
            )
        return record


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
