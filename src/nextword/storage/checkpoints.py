"""Checkpoints: numbered folders of tensors and JSON values, written atomically.

Everything that is needed to resume is passed as named tensors (including states of random
generators) and JSON values. After a crash at any point of a save, the earlier checkpoint or the new
one can be loaded. Only one process may save at a time; the caller must hold the lock of the run.

    checkpoints/step-00001234/   tensors.safetensors, values.json, MANIFEST.json
    checkpoints/latest           the name of the folder to resume from
"""

import logging
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from nextword.base import CheckpointError, FormatError, Values, require, write_bytes
from nextword.storage.disk import disk_errors
from nextword.storage.folders import read_folder, recover_folder, save_folder
from nextword.storage.format_version import (
    DAMAGED_HELP,
    FORMAT_VERSION,
    NewerFormatError,
    check_format_version,
)
from nextword.storage.manifest import verify_manifest
from nextword.storage.tensors_file import read_tensors, write_tensors
from nextword.storage.values import read_values, render_values

_TENSORS = "tensors.safetensors"
_VALUES = "values.json"
_LATEST = "latest"
_NAME = re.compile(r"step-(\d{8,})")
_NAME_OR_NEIGHBOUR = re.compile(r"\.?(step-\d{8,})(\.tmp|\.replaced)?")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The content of a checkpoint.

    Attributes:
        step: Number of updates done.
        tensors: Tensors by name, on the CPU.
        values: Nested JSON values; NaN and infinities are preserved.
    """

    step: int
    tensors: dict[str, Tensor]
    values: Values


def save_checkpoint(
    folder: Path,
    *,
    step: int,
    tensors: Mapping[str, Tensor],
    values: Mapping[str, Any],
    keep: int = 2,
) -> Path:
    """Save a checkpoint, write its name to `latest`, and remove all but the newest `keep`.

    Checkpoints of later steps are removed too. They belong to a run that was resumed from an
    earlier step, and the new checkpoint does not precede them.

    Args:
        folder: The folder of checkpoints; created if missing.
        step: Number of updates done, at least 0.
        tensors: Dense tensors by name, on any device.
        values: Nested JSON values.
        keep: Number of checkpoints to keep, at least 1.

    Returns:
        The folder of this checkpoint.

    Raises:
        ConfigError: `step` or `keep` is too small.
        CheckpointError: The folder cannot be written, or a value cannot be stored; the earlier
            checkpoints are unchanged.
    """
    require(step >= 0, f"step is {step}; it must be at least 0.")
    require(keep >= 1, f"keep is {keep}; it must be at least 1.")
    place = folder / f"step-{step:08d}"

    def write(temporary: Path) -> None:
        content = {"format_version": FORMAT_VERSION, "step": step, "values": values}
        (temporary / _VALUES).write_bytes(render_values(content))
        write_tensors(temporary / _TENSORS, tensors)

    save_folder(place, write)
    with disk_errors(folder):
        write_bytes(folder / _LATEST, f"{place.name}\n".encode("ascii"))
        _prune(folder, step=step, keep=keep)
    return place


def load_checkpoint(place: Path) -> Checkpoint:
    """Load a checkpoint after verifying its checksums.

    Args:
        place: The folder of the checkpoint.

    Raises:
        FormatError: It is missing, damaged, or was written by a newer nextword.
        CheckpointError: It cannot be read.
    """
    return read_folder(place, _read_checkpoint)


def load_latest_checkpoint(folder: Path) -> Checkpoint | None:
    """Load the checkpoint to resume from.

    If the latest one is damaged, the newest undamaged one is loaded and a warning is logged.

    Args:
        folder: The folder of checkpoints; it may be missing.

    Returns:
        The checkpoint; None if no checkpoint was completed yet.

    Raises:
        FormatError: All checkpoints are damaged, or one was written by a newer nextword.
    """
    names = _candidates(folder)
    for name in names:
        try:
            return load_checkpoint(folder / name)
        except NewerFormatError:
            raise  # Not damaged, and resuming from an earlier one would remove it.
        except CheckpointError as error:
            _logger.warning("Skipping a checkpoint: %s", error)
    if not names:
        return None
    raise FormatError(
        f"all checkpoints in {folder} are damaged ({', '.join(names)}).",
        help="Remove the folder to start again, or restore it from a copy.",
    )


def _read_checkpoint(place: Path) -> Checkpoint:
    verify_manifest(place, required=(_VALUES, _TENSORS))
    source = place / _VALUES
    content = read_values(source)
    check_format_version(content, source=str(source))
    step, values = content.get("step"), content.get("values")
    if type(step) is not int or not isinstance(values, dict):
        raise FormatError(f"{source} has no step or no values.", help=DAMAGED_HELP)
    if place.name != f"step-{step:08d}":
        raise FormatError(
            f"{place} contains step {step}; the folder was renamed.",
            help=f"Rename it to step-{step:08d}.",
        )
    return Checkpoint(step=step, tensors=read_tensors(place / _TENSORS), values=values)


def _candidates(folder: Path) -> list[str]:
    """Return the names of checkpoints to try: the one in `latest`, then from newest to oldest."""
    if not folder.is_dir():
        return []
    matches = (_NAME_OR_NEIGHBOUR.fullmatch(path.name) for path in folder.iterdir())
    for name in {match[1] for match in matches if match}:
        recover_folder(folder / name)
    steps = _steps(folder)
    names = sorted(steps, key=steps.__getitem__, reverse=True)
    latest = _latest_name(folder)
    return names if latest is None else [latest, *(name for name in names if name != latest)]


def _latest_name(folder: Path) -> str | None:
    path = folder / _LATEST
    if not path.is_file():
        return None
    content = path.read_bytes().decode("utf-8", errors="replace").strip()
    if _NAME.fullmatch(content):
        return content
    _logger.warning("%s does not name a checkpoint; using the newest undamaged one.", path)
    return None


def _steps(folder: Path) -> dict[str, int]:
    """Return the step of each checkpoint by the name of its folder."""
    matches = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return {match[0]: int(match[1]) for match in matches if match}


def _prune(folder: Path, *, step: int, keep: int) -> None:
    steps = _steps(folder)
    kept = sorted((number for number in steps.values() if number <= step), reverse=True)[:keep]
    for name, number in steps.items():
        if number not in kept:
            shutil.rmtree(folder / name)
    for leftover in (*folder.glob("step-*.tmp"), *folder.glob(".step-*.replaced")):
        shutil.rmtree(leftover)  # from a save that was killed
    for leftover in folder.glob(f".{_LATEST}.*.tmp"):
        leftover.unlink()
