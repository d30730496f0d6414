"""A model folder in memory, so that a fitted estimator can be pickled and copied."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nextword.storage import resolve_model_folder


@dataclass
class PackedModel:
    """The files of a model folder.

    The model itself is loaded when it is first used, and is not pickled.

    Attributes:
        files: Content of each file by name.
    """

    files: dict[str, bytes] = field(repr=False)
    _loaded: Any = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, path: Path) -> "PackedModel":
        """Read the files of a model folder or of the model folder in a run folder.

        Raises:
            CheckpointError: There is no such folder.
        """
        folder = resolve_model_folder(path)
        return cls({each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()})

    def write(self, folder: Path) -> None:
        """Write the files into an existing folder."""
        for name, content in self.files.items():
            (folder / name).write_bytes(content)

    def loaded(self, load: Callable[[Path], Any]) -> Any:
        """Return the model.

        Args:
            load: Loads a model from a folder; called once.
        """
        if self._loaded is None:
            with tempfile.TemporaryDirectory(prefix="nextword-sklearn-") as parent:
                folder = Path(parent)
                self.write(folder)
                self._loaded = load(folder)
        return self._loaded

    def __getstate__(self) -> dict[str, Any]:
        return {"files": self.files, "_loaded": None}
