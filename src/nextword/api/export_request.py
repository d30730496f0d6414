"""What an exporter is asked to write. Knows no format."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nextword.api.model import Model
from nextword.api.texts import Texts

if TYPE_CHECKING:
    from nextword.training import ProgressCallback

#: Name of the model's folder in a run, which is no name for a model.
_MODEL_FOLDER = "model"


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """What a format is asked to write.

    Attributes:
        out: The file or folder to write.
        texts: Texts to measure the change in perplexity on, for formats that round the weights.
        title: Title of a page; the name of the model when None.
        prompt: The text in a page when it is opened.
        int8: Whether to write the model with weights of 8 bits too.
        on_progress: Called with (stage, done, total).
    """

    out: Path
    texts: Texts | None = None
    title: str | None = None
    prompt: str = ""
    int8: bool = False
    on_progress: "ProgressCallback | None" = None


def exported_name(model: Model) -> str:
    """Return the name of a model: that of its run, or of its own folder or file."""
    return name_of_folder(model.path)


def name_of_folder(path: Path) -> str:
    """Return the name of the model in a folder or file: that of its run, or its own."""
    path = path.resolve()
    return path.parent.name if path.name == _MODEL_FOLDER else path.stem
