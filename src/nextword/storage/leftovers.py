"""What a killed process left in a run folder: drafts, removed at the next start under the lock.

Knows the names that nextword gives to drafts, and removes no other.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from nextword.storage.disk import disk_errors
from nextword.storage.folders import recover_folder

#: Files of a run that are written under another name first, by the folder they lie in.
_DRAFTED = {
    ".": ("config.toml", "sources.json", "metrics.jsonl", "report.html"),
    "plots": ("training-curve.png",),
    "tokens": ("tokenizer.json",),
    "tokens/*": ("ids.bin", "documents.npy", "unknown.npy", "store.json"),
    "checkpoints": ("latest",),
}
_MODEL = "model"
#: Drafts that earlier versions left under a plain name.
_OLD_DRAFTS = "tokens/*/unknown.tmp"
#: Counts of n-grams that were too many for memory.
_SPILLED_COUNTS = ("ngrams-????????", "tokens/ngrams-????????")


def sweep_leftovers(run: Path) -> list[Path]:
    """Remove what an earlier process left unfinished; its lock must be held.

    Args:
        run: The run folder.

    Returns:
        What was removed.

    Raises:
        CheckpointError: The disk refuses.
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
    for place, names in _DRAFTED.items():
        for name in names:
            yield from run.glob(f"{place}/.{name}.????????.tmp")
    yield from run.glob(_OLD_DRAFTS)
    for pattern in _SPILLED_COUNTS:
        yield from (path for path in run.glob(pattern) if path.is_dir())
    if (run / _MODEL).exists():
        yield from (run / f"{_MODEL}.tmp", run / f".{_MODEL}.replaced")
    elif (run / f"{_MODEL}.tmp").exists():
        yield run / f"{_MODEL}.tmp"
    yield from run.glob("checkpoints/step-*.tmp")
