"""The record of the text files of a run, used to detect changes when the run is resumed.

`sources.json` in the run folder contains the folder that relative names are resolved against, and
the size, modification time and SHA-256 of every file. A file with the recorded size and time is not
read again. Standard input and pipes cannot be read twice; their text is compared with the SHA-256
in the token stores.
"""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Protocol, runtime_checkable

from pydantic import Field, TypeAdapter, ValidationError

from nextword.base import STRICT, FormatError, MismatchError, write_json
from nextword.storage import RunFolder
from nextword.text import STANDARD_LIBRARY, find_files

#: Value of `resume` that uses the stored encoded text even if the text has changed.
OLD_TEXT = "old-text"
STANDARD_INPUT = "-"
#: Names of texts that are not files.
NO_FILES = (STANDARD_INPUT, STANDARD_LIBRARY)
_PARTS = ("train", "valid", "test")

_logger = logging.getLogger(__name__)


@STRICT
@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file of a text.

    Attributes:
        name: Its absolute path.
        size: Size in bytes.
        modified_ns: Modification time, in nanoseconds since 1970.
        sha256: SHA-256 of its bytes, before decompression.
    """

    name: str
    size: Annotated[int, Field(ge=0)]
    modified_ns: int
    sha256: str


@STRICT
@dataclass(frozen=True, kw_only=True)
class Sources:
    """The content of `sources.json`.

    Attributes:
        format_version: 1.
        folder: Folder in which the run was started; relative names are resolved against it.
        has_streams: Whether standard input or a pipe is among the texts.
        parts: The files of `train`, `valid` and `test`, in order.
    """

    format_version: Literal[1] = 1
    folder: str
    has_streams: bool
    parts: dict[str, tuple[SourceFile, ...]] = field(default_factory=dict)


@runtime_checkable
class TextNames(Protocol):
    """The section `text` of the settings of a run: `TextConfig`, or that of another task."""

    @property
    def train(self) -> Sequence[str]:
        """Training texts."""

    @property
    def valid(self) -> Sequence[str]:
        """Validation texts."""

    @property
    def test(self) -> Sequence[str]:
        """Test texts."""


@dataclass(frozen=True, kw_only=True)
class TextAccess:
    """How the texts of a run are opened.

    Attributes:
        folder: Folder that relative names are resolved against.
        is_old: Whether to use the stored tokens without opening any text.
        is_hashed: Whether to compare the SHA-256 of the text with that in the token stores.
    """

    folder: Path = field(default_factory=Path.cwd)
    is_old: bool = False
    is_hashed: bool = False

    def located(self, name: str) -> str:
        """Return a name of a text that can be opened from the current folder.

        A text that is missing in the folder of the run's start is searched in the current folder,
        because it may have been moved together with the run.
        """
        path = self.folder / name
        if name in NO_FILES or self.folder == Path.cwd():
            return name
        is_pattern = any(sign in name for sign in "*?[")
        return str(path) if path.exists() or (is_pattern and any(self.folder.glob(name))) else name


def starting_folder(run: RunFolder) -> Path:
    """Return the folder in which a run was started; the current folder for a new run."""
    sources = _read(run)
    return Path.cwd() if sources is None else Path(sources.folder)


def check_sources(config: TextNames, run: RunFolder, *, folder: Path, resume: str) -> TextAccess:
    """Record the text files of a new run, or compare those of a resumed run with the record.

    Args:
        config: The texts.
        run: The run folder.
        folder: The return value of `starting_folder`.
        resume: `old-text` skips the comparison.

    Returns:
        How the texts are to be opened.

    Raises:
        DataError: A text is missing.
        FormatError: The record is damaged.
        MismatchError: A text has changed.
    """
    recorded, access = _read(run), TextAccess(folder=folder)
    has_begun = run.tokens_folder.exists()
    if resume == OLD_TEXT and (has_begun or recorded is not None):
        return TextAccess(folder=folder, is_old=True)
    found = {part: list(_files(config, part, access)) for part in _PARTS}
    streams = any(path is None for paths in found.values() for path in paths)
    described = {
        part: _described(part, [path for path in paths if path is not None], recorded, run)
        for part, paths in found.items()
    }
    _warn_of_overlap(described)
    sources = Sources(folder=str(folder), has_streams=streams, parts=described)
    if sources != recorded:
        write_json(run.sources_file, asdict(sources))
    is_hashed = has_begun and (streams or recorded is None)
    return TextAccess(folder=folder, is_hashed=is_hashed)


def _warn_of_overlap(parts: Mapping[str, Sequence[SourceFile]]) -> None:
    """Log one warning for each part with files that are also training text."""
    train = {file.sha256: file.name for file in parts["train"] if file.size}
    for part, title in (("valid", "validation"), ("test", "test")):
        known = [file for file in parts[part] if file.sha256 in train]
        if known:
            first, more = known[0], len(known) - 1
            others = f" So are {more:,} other files of it." if more else ""
            _logger.warning(
                "the %s text %s is also training text (%s): its scores are too good.%s",
                title,
                first.name,
                train[first.sha256],
                others,
            )
    counts = Counter(file.name for file in parts["train"] if file.size)
    repeated = next((name for name, count in counts.items() if count > 1), None)
    if repeated is not None and not parts["valid"]:
        _logger.warning(
            "the training text names %s more than once. Validation text that is split from it is "
            "also training text, and its scores are too good.",
            repeated,
        )


def require_unchanged(run: RunFolder) -> None:
    """Raise an error if a file was modified during encoding, by its size and modification time.

    Raises:
        MismatchError: A file has changed since `check_sources`.
    """
    sources = _read(run)
    for files in () if sources is None else sources.parts.values():
        for file in files:
            status = Path(file.name).stat() if Path(file.name).exists() else None
            if status is None or (status.st_size, status.st_mtime_ns) != (
                file.size,
                file.modified_ns,
            ):
                raise MismatchError(
                    f"{file.name} was changed while it was encoded.",
                    help="Wait until it is complete, and start the run in a new folder.",
                )


def changed_text(what: str, run: Path) -> MismatchError:
    """Return the error for a text that has changed."""
    return MismatchError(
        f"{what}; the run in {run} was started with another text.",
        help=f"Choose another --out, restore the old text, or continue with the text that was "
        f"encoded before: --resume {OLD_TEXT}",
    )


def _files(config: TextNames, part: str, access: TextAccess) -> Iterator[Path | None]:
    """Yield the files of a part; None for each stream."""
    for name in getattr(config, part):
        located = access.located(name)
        if located == STANDARD_INPUT:
            yield None
            continue
        for path in find_files(located):
            yield None if path.is_fifo() else path.absolute()


def _described(
    part: str, paths: list[Path], recorded: Sources | None, run: RunFolder
) -> tuple[SourceFile, ...]:
    """Describe the files of a part; raise an error if they differ from the record."""
    if recorded is None:
        return tuple(_describe(path) for path in paths)
    known = recorded.parts.get(part, ())
    files = tuple(
        _compared(path, known[place], run) if place < len(known) else _describe(path)
        for place, path in enumerate(paths)
    )
    if len(files) != len(known):
        others = {file.sha256 for file in (known if len(files) > len(known) else files)}
        longer = files if len(files) > len(known) else known
        odd = next((file.name for file in longer if file.sha256 not in others), longer[-1].name)
        raise changed_text(
            f"the {part} text has {len(files)} files, not {len(known)} ({odd} is "
            f"{'new' if len(files) > len(known) else 'missing'})",
            run.path,
        )
    return files


def _compared(path: Path, known: SourceFile, run: RunFolder) -> SourceFile:
    """Describe a file; it is read only if its size or modification time has changed."""
    status = path.stat()
    if str(path) == known.name and (status.st_size, status.st_mtime_ns) == (
        known.size,
        known.modified_ns,
    ):
        return known
    if status.st_size != known.size:
        raise changed_text(f"{path} has {status.st_size:,} bytes, not {known.size:,}", run.path)
    file = _describe(path)
    if file.sha256 != known.sha256:
        raise changed_text(
            f"{path} has SHA-256 {file.sha256[:12]}, not {known.sha256[:12]}", run.path
        )
    return file


def _describe(path: Path) -> SourceFile:
    status = path.stat()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return SourceFile(
        name=str(path), size=status.st_size, modified_ns=status.st_mtime_ns, sha256=digest
    )


def _read(run: RunFolder) -> Sources | None:
    """Read the record; None for a new run, and for a run of a version without records."""
    path = run.sources_file
    if not path.exists():
        return None
    try:
        return TypeAdapter(Sources).validate_python(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError, ValidationError) as error:
        raise FormatError(
            f"{path} is damaged: it is not what nextword writes.",
            help="Remove the file; the text is then compared with the encoded one.",
        ) from error
