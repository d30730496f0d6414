"""Find files by name, folder or glob. Knows nothing of their content."""

import errno
import os
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

from nextword.base import DataError, nearest_name
from nextword.text.content import COMPRESSED_SUFFIXES
from nextword.text.names import shown_name

#: Name of the standard library of the running interpreter, as a TEXT.
STANDARD_LIBRARY = "stdlib:"

_WHAT_A_TEXT_IS = "A text is a file, a folder, a glob, - for standard input, or stdlib:."
_HELP_FOR_LONG_NAMES = "To use the text itself, write it to a file, or pipe it in and name -."
_SHOWN_CHARACTERS = 60

_STANDARD_LIBRARY_LEFT_OUT = frozenset(
    {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "__pycache__"}
)

#: Files with these suffixes are skipped inside a folder. Every other file counts as text: silently
#: skipping text would be worse than refusing an image with an error.
# fmt: off
_NOT_TEXT_SUFFIXES = frozenset(
    {
        # images, sound, video, fonts
        ".avi", ".bmp", ".flac", ".gif", ".ico", ".jpeg", ".jpg", ".m4a", ".mkv", ".mov", ".mp3",
        ".mp4", ".ogg", ".otf", ".png", ".tif", ".tiff", ".ttf", ".wav", ".webm", ".webp",
        ".woff", ".woff2",
        # archives and documents
        ".7z", ".doc", ".docx", ".egg", ".jar", ".odt", ".pdf", ".ppt", ".pptx", ".rar", ".tar",
        ".tbz2", ".tgz", ".txz", ".whl", ".xls", ".xlsx", ".zip",
        # programs, arrays, models, tables
        ".a", ".arpa", ".arrow", ".bin", ".class", ".db", ".dll", ".dylib", ".exe", ".feather",
        ".h5", ".lock", ".npy", ".npz", ".o", ".onnx", ".parquet", ".pickle", ".pkl", ".pt",
        ".pth", ".pyc", ".pyd", ".safetensors", ".so", ".sqlite", ".sqlite3",
    }
)
# fmt: on


def find_files(spec: str) -> list[Path]:
    """Return the files of a name, a folder, a glob or `stdlib:`, in a fixed order.

    The files of a folder are all files below it, sorted by path, except hidden files and files
    with the suffix of images, archives, arrays and the like. Links to folders are not followed. A
    file that is named itself is read whatever its suffix.

    Args:
        spec: The text as the user typed it.

    Returns:
        The files, at least one.

    Raises:
        DataError: There is no such file (the help suggests the nearest name), the folder is empty
            or contains no text, the glob matches nothing, or the name is empty or that of the
            root folder.
    """
    if spec == STANDARD_LIBRARY:
        return standard_library_files()
    _check_name(spec)
    try:
        return _find(spec, Path(spec))
    except OSError as error:
        help = _HELP_FOR_LONG_NAMES if error.errno == errno.ENAMETOOLONG else ""
        raise DataError(
            f"{shown_name(spec)} cannot be read: {error.strerror}.", help=help
        ) from error


def _check_name(spec: str) -> None:
    """Refuse names that cannot be those of a text."""
    if not spec.strip():
        raise DataError(f"the name of a text is {spec!r}.", help=_WHAT_A_TEXT_IS)
    if "\x00" in spec:
        raise DataError(
            f"the name {spec[:_SHOWN_CHARACTERS]!r} contains a NUL character, unlike file names.",
            help=_WHAT_A_TEXT_IS,
        )
    if _is_root(Path(spec)):
        raise DataError(
            f"{spec} is the root folder of the file system, not a text.",
            help="Name the folder of the text.",
        )


def _is_root(path: Path) -> bool:
    try:
        return path.is_dir() and path.resolve() == Path(path.anchor or "/").resolve()
    except (OSError, RuntimeError):
        # Cyclic links and names that are too long are reported when the file is opened.
        return False


def _find(spec: str, path: Path) -> list[Path]:
    if path.is_dir():
        return _files_of_folder(path)
    if path.exists():
        return [path]
    if any(sign in spec for sign in "*?["):
        return _files_of_glob(path)
    raise _no_such_file(path)


def standard_library_folder() -> Path:
    """Return the folder of the running interpreter's standard library."""
    return Path(sysconfig.get_path("stdlib"))


def standard_library_files() -> list[Path]:
    """Return the Python sources of the standard library, sorted by path.

    Raises:
        DataError: There are none.
    """
    folder = standard_library_folder()
    files = [
        path
        for path in _walk(folder, enter=lambda name: name not in _STANDARD_LIBRARY_LEFT_OUT)
        if path.suffix == ".py"
    ]
    if not files:
        raise DataError(f"no Python sources of the standard library were found in {folder}.")
    return files


def _files_of_folder(folder: Path) -> list[Path]:
    files = list(_walk(folder, enter=lambda name: not name.startswith(".")))
    if not files:
        raise DataError(
            f"the folder {shown_name(folder)} is empty.", help="Name a folder with text files."
        )
    texts = [path for path in files if _may_hold_text(path)]
    if not texts:
        raise DataError(
            f"the folder {shown_name(folder)} contains no text: {len(files):,} files, all hidden "
            f"or of kinds such as {files[0].suffix or files[0].name!r}.",
            help="Name the files themselves if they are text.",
        )
    return _without_broken_links(texts)


def _walk(folder: Path, *, enter: Callable[[str], bool]) -> Iterator[Path]:
    found = []
    for parent, folders, names in os.walk(folder, onerror=_refuse_folder):
        folders[:] = [name for name in folders if enter(name)]
        found += [Path(parent) / name for name in names]
    yield from sorted(
        (path for path in found if path.is_file() or _is_broken_link(path)),
        key=lambda path: path.relative_to(folder).as_posix(),
    )


def _is_broken_link(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def _without_broken_links(paths: list[Path]) -> list[Path]:
    """Refuse links to files that do not exist, because their text would be missing."""
    for path in paths:
        if _is_broken_link(path):
            raise _no_such_file(path)
    return paths


def _refuse_folder(error: OSError) -> None:
    """Raise an error for a folder that cannot be listed, because its text would be missing."""
    raise DataError(
        f"the folder {shown_name(error.filename)} cannot be read: {error.strerror}.",
        help="Change its permissions, or name other files and folders.",
    ) from error


def _may_hold_text(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSED_SUFFIXES:
        suffixes.pop()
    return not path.name.startswith(".") and (suffixes or [""])[-1] not in _NOT_TEXT_SUFFIXES


def _files_of_glob(pattern: Path) -> list[Path]:
    root = Path(pattern.anchor)
    relative = pattern.relative_to(root) if pattern.anchor else pattern
    try:
        found = sorted(
            path for path in root.glob(str(relative)) if path.is_file() or _is_broken_link(path)
        )
    except (ValueError, NotImplementedError) as error:
        raise DataError(f"the pattern {shown_name(pattern)} cannot be read: {error}.") from error
    files = [path for path in found if not path.name.startswith(".")]
    if not files:
        raise DataError(
            f"no file matches {shown_name(pattern)}.",
            help="Check the pattern, and quote it for the shell.",
        )
    return _without_broken_links(files)


def _no_such_file(path: Path) -> DataError:
    """Return the error for a missing file; the help suggests the nearest name."""
    if path.is_symlink():
        return DataError(
            f"{shown_name(path)} is a link to {shown_name(path.readlink())}, which does not exist.",
            help="Correct the link, or name another file.",
        )
    missing = path
    while not missing.parent.exists():
        missing = missing.parent
    folder = missing.parent
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    nearest = nearest_name(missing.name, names)
    help = _WHAT_A_TEXT_IS
    if nearest is not None:
        help = f"Did you mean '{shown_name(folder / nearest)}'?"
    return DataError(f"there is no file {shown_name(path)}.", help=help)
