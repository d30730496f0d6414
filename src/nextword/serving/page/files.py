"""The files of the page, by the path under which they are served."""

from dataclasses import dataclass
from pathlib import Path

from nextword.pages import shared_file, shared_names

_FOLDER = Path(__file__).parent / "web"
_INDEX = "index.html"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


@dataclass(frozen=True, kw_only=True)
class PageFile:
    """A file of the page.

    Attributes:
        content: Its bytes.
        media_type: Its `Content-Type`.
    """

    content: bytes
    media_type: str


def page_files() -> dict[str, PageFile]:
    """Return the files by path: the page itself at `/`, its style and modules below `/page/`.

    The modules import each other by name, so those that other pages use too are served beside them.
    """
    own = {path.name: path.read_text(encoding="utf-8") for path in _FOLDER.iterdir()}
    texts = {name: shared_file(name) for name in shared_names()} | own
    return {
        "/" if name == _INDEX else f"/page/{name}": PageFile(
            content=text.encode("utf-8"), media_type=_MEDIA_TYPES[Path(name).suffix]
        )
        for name, text in sorted(texts.items())
    }
