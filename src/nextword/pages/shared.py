"""Style and modules that several pages use. Knows no models."""

from pathlib import Path

_FOLDER = Path(__file__).parent / "web"


def shared_file(name: str) -> str:
    """Return the text of a style sheet or a module that several pages use.

    Args:
        name: Its name, such as `elements.js`; see `shared_names`.

    Example:
        >>> shared_file("elements.js").startswith("// Small helpers")
        True
    """
    return (_FOLDER / name).read_text(encoding="utf-8")


def shared_names() -> list[str]:
    """Return the names of all these files, sorted."""
    return sorted(path.name for path in _FOLDER.iterdir())
