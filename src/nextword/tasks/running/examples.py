"""Reading the training, validation and test examples that the settings of a run name."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from nextword.tasks.running.config import TaskTextConfig
from nextword.training import ProgressCallback
from nextword.training.data import TextAccess

Example = TypeVar("Example")

#: Number of examples after which the progress is reported.
_REPORT_EVERY = 1000


def read_examples(
    text: TaskTextConfig,
    access: TextAccess,
    *,
    read: Callable[[Sequence[str]], Iterable[Example]],
    unit: str,
    on_progress: ProgressCallback | None,
) -> dict[str, list[Example]]:
    """Read all examples of a run.

    Args:
        text: The files of each part.
        access: How files are opened.
        read: Iterates over the examples of at least one file.
        unit: What an example is, in the plural, for the progress.
        on_progress: Called with (stage, done, total) while files are read.

    Returns:
        The examples of the parts `train`, `valid` and `test`; none where no file is named.

    Raises:
        DataError: A file cannot be read.
    """
    parts: dict[str, list[Example]] = {}
    for part in ("train", "valid", "test"):
        names = [access.located(name) for name in getattr(text, part)]
        examples: list[Example] = []
        for example in read(names) if names else ():
            examples.append(example)
            if on_progress is not None and len(examples) % _REPORT_EVERY == 0:
                on_progress(f"reading the {part} data, {unit}", len(examples))
        parts[part] = examples
    return parts
