"""From what the user typed to files: names, folders, globs. Knows nothing of their content."""

import errno
import os
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

from nextword.base import DataError, nearest_name
from nextword.text.content import COMPRESSED_SUFFIXES
from nextword.text.names import shown_name

#: The standard library of the running interpreter, as a TEXT.
STANDARD_LIBRARY = "stdlib:"

_WHAT_A_TEXT_IS = "A text is a file, a folder, a glob, - for standard input, or stdlib:."
_HELP_FOR_LONG_NAMES = "To give the text itself, write it to a file, or pipe it in and name -."
_SHOWN_CHARACTERS = 60

_STANDARD_LIBRARY_LEFT_OUT = frozenset(
    {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "__pycache__"}
)

#: Files with these endings are passed over inside a folder; every other file counts as text, for
#: leaving out text without a word would be worse than refusing a picture by name.
# fmt: off
_NOT_TEXT_SUFFIXES = frozenset(
    {
        # pictures, sound, films, fonts
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
    """Return the files that a name, a folder, a glob or `stdlib:` stands for, in a fixed order.

    A folder stands for every file below it, sorted by path, but hidden ones and those whose ending
    says that they hold no text (pictures, archives, arrays and the like). Links to folders are not
    followed. A file named by itself is read whatever its ending.

    Args:
        spec: What the user typed.

    Raises:
        DataError: There is no such file (the nearest name beside it is suggested), the folder is
            empty or holds no text, the glob matches nothing, or the name is empty or that of the
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
    """Refuse names that cannot stand for a text."""
    if not spec.strip():
        raise DataError(f"the name of a text is {spec!r}.", help=_WHAT_A_TEXT_IS)
    if "\x00" in spec:
        raise DataError(
            f"the name {spec[:_SHOWN_CHARACTERS]!r} holds a NUL character, as no file name does.",
            help=_WHAT_A_TEXT_IS,
        )
    if _is_root(Path(spec)):
        raise DataError(
            f"{spec} is the root folder of the whole file system, which is no text.",
            help="Name the folder below it that holds the text.",
        )


def _is_root(path: Path) -> bool:
    try:
        return path.is_dir() and path.resolve() == Path(path.anchor or "/").resolve()
    except (OSError, RuntimeError):
        # Links in a ring and names too long are reported where the file is looked for.
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
    """Return the standard library's own Python sources, sorted by path below its folder."""
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
            f"the folder {shown_name(folder)} holds no text: {len(files):,} files, all hidden or "
            f"of kinds such as {files[0].suffix or files[0].name!r}.",
            help="Name the files themselves if they are text.",
        )
    return texts


def _walk(folder: Path, *, enter: Callable[[str], bool]) -> Iterator[Path]:
    found = []
    for parent, folders, names in os.walk(folder, onerror=_refuse_folder):
        folders[:] = [name for name in folders if enter(name)]
        found += [Path(parent) / name for name in names]
    yield from sorted(
        (path for path in found if path.is_file()),
        key=lambda path: path.relative_to(folder).as_posix(),
    )


def _refuse_folder(error: OSError) -> None:
    """Refuse a folder that cannot be listed; left out, its text would be missed."""
    raise DataError(
        f"the folder {shown_name(error.filename)} cannot be read: {error.strerror}.",
        help="Change its permissions, or name the files and folders that are wanted.",
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
        found = sorted(path for path in root.glob(str(relative)) if path.is_file())
    except (ValueError, NotImplementedError) as error:
        raise DataError(f"the pattern {shown_name(pattern)} cannot be read: {error}.") from error
    files = [path for path in found if not path.name.startswith(".")]
    if not files:
        raise DataError(
            f"no file matches {shown_name(pattern)}.",
            help="Check the pattern, and quote it for the shell.",
        )
    return files


def _no_such_file(path: Path) -> DataError:
    """Say what is missing: the file, or the first folder on its way."""
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
