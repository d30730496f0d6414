"""What an experiment uses: its folder, the seed, progress, and objects shared between claims."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from nextword.base import created_folder
from nextword.tensors import random_states, seed_everything, set_random_states
from nextword.training import ProgressCallback

Shared = TypeVar("Shared")


def _no_progress(stage: str, done: int, total: int | None = None) -> None:
    """Ignore the progress."""


class Workbench:
    """The folder, seed and shared objects of one run of the lab.

    Args:
        folder: Folder for pictures, texts and trained models; it is created.
        seed: Seed of every experiment.
        on_progress: Called with (stage, done, total).

    Attributes:
        folder: The folder.
        seed: The seed.
        on_progress: The progress hook.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     bench = Workbench(Path(folder))
        ...     bench.shared("answer", lambda: 42), bench.shared("answer", lambda: 43)
        (42, 42)
    """

    def __init__(
        self, folder: Path, *, seed: int = 0, on_progress: ProgressCallback = _no_progress
    ) -> None:
        self.folder = folder
        self.seed = seed
        self.on_progress = on_progress
        self._shared: dict[str, object] = {}
        with created_folder(self.pictures), created_folder(self.texts), created_folder(self.models):
            pass

    @property
    def pictures(self) -> Path:
        """Folder of the pictures."""
        return self.folder / "pictures"

    @property
    def texts(self) -> Path:
        """Folder of the texts that models are trained on."""
        return self.folder / "texts"

    @property
    def models(self) -> Path:
        """Folder of the run folders of trained models; a finished run is not trained again."""
        return self.folder / "models"

    def seed_generators(self) -> None:
        """Seed the generators of Python, NumPy and torch."""
        seed_everything(self.seed)

    def shared(self, name: str, make: Callable[[], Shared]) -> Shared:
        """Return an object that several claims use, and make it if it is the first time.

        Making it does not disturb the generators of the experiment that needs it first, so the
        figures of a claim do not depend on which claims ran before.

        Args:
            name: Name of the object.
            make: Makes it. The generators are seeded before.
        """
        if name not in self._shared:
            tensors, values = random_states()
            self.seed_generators()
            try:
                self._shared[name] = make()
            finally:
                set_random_states(tensors, values)
        return cast("Shared", self._shared[name])
