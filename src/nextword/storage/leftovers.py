"""Removal of temporary files that a killed process left in a run folder.

Only names that nextword uses for temporary files are removed.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from nextword.storage.disk import disk_errors
from nextword.storage.folders import recover_folder

#: Files of a run that are first written under a temporary name, by their folder.
_WRITTEN_ATOMICALLY = {
    ".": ("config.toml", "sources.json", "metrics.jsonl", "report.html"),
    "plots": ("training-curve.png",),
    "tokens": ("tokenizer.json",),
    "tokens/*": ("ids.bin", "documents.npy", "unknown.npy", "store.json"),
    "checkpoints": ("latest",),
}
_MODEL = "model"
#: Temporary files of earlier versions.
_OLD_TEMPORARY = "tokens/*/unknown.tmp"
#: Spilled counts of n-grams.
_SPILLED_COUNTS = ("ngrams-????????", "tokens/ngrams-????????")


def sweep_leftovers(run: Path) -> list[Path]:
    """Remove temporary files of an earlier process; the caller must hold the lock of the run.

    Args:
        run: The run folder.

    Returns:
        The removed files and folders.

    Raises:
        CheckpointError: A file cannot be removed.
    """
    recover_folder(run / _MODEL)
    found = [path for path in _leftovers(run) if path.exists() or path.is_symlink()]
    with disk_errors(run):
        for path in found:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    return found


def _leftovers(run: Path) -> Iterator[Path]:
    for place, names in _WRITTEN_ATOMICALLY.items():
        for name in names:
            yield from run.glob(f"{place}/.{name}.????????.tmp")
    yield from run.glob(_OLD_TEMPORARY)
    for pattern in _SPILLED_COUNTS:
        yield from (path for path in run.glob(pattern) if path.is_dir())
    if (run / _MODEL).exists():
        yield from (run / f"{_MODEL}.tmp", run / f".{_MODEL}.replaced")
    elif (run / f"{_MODEL}.tmp").exists():
        yield run / f"{_MODEL}.tmp"
    yield from run.glob("checkpoints/step-*.tmp")
