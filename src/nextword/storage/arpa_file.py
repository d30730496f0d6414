"""Reading ARPA files, compressed or not, and writing them atomically."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from nextword.base import CheckpointError, atomic_writer, created_folder
from nextword.families import NgramLanguageModel, ngram_from_arpa, ngram_to_arpa
from nextword.models import LanguageModel
from nextword.storage.disk import disk_errors
from nextword.text import open_stream
from nextword.tokens import Tokenizer

_COMPRESSED = ".gz"
#: gzip's default; higher levels take twice the time and save 1 % of the size.
_LEVEL = 6


def read_arpa_file(
    path: Path,
    *,
    encoding: str = "utf-8",
    on_progress: Callable[[int], None] | None = None,
) -> tuple[NgramLanguageModel, Tokenizer]:
    """Read an ARPA file as a model and the tokenizer of its words.

    Args:
        path: The file; gzip, bzip2, xz and Zstandard are recognized by the content.
        encoding: Encoding of the words.
        on_progress: Called with the number of lines read so far.

    Raises:
        CheckpointError: There is no such file.
        ConfigError: The encoding is unknown, or not a superset of ASCII.
        FormatError: The file cannot be read, is malformed or truncated; the message names the line.
    """
    if not path.exists():
        raise CheckpointError(f"there is no file {path}.", help="Check the path.")
    with open_stream(path) as stream:
        return ngram_from_arpa(stream, name=str(path), encoding=encoding, on_progress=on_progress)


def write_arpa_file(
    path: Path,
    model: LanguageModel,
    *,
    tokenizer: Tokenizer,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Write a model as an ARPA file, atomically; missing folders are created.

    Args:
        path: The file to write; compressed with gzip if the name ends in `.gz`.
        model: An n-gram model.
        tokenizer: Its tokenizer.
        on_progress: Called with the number of lines written so far.

    Raises:
        CheckpointError: The file exists already, or cannot be written.
        ConfigError: The model is not an n-gram model.
        DataError: The tokens cannot be written in an ARPA file.
    """
    if path.exists():
        raise CheckpointError(
            f"{path} exists already; it is not replaced.",
            help="Remove it, or choose another path.",
        )
    blocks = ngram_to_arpa(model, tokenizer)
    num_lines = 0
    with (
        disk_errors(path),
        created_folder(path.parent),
        atomic_writer(path) as file,
        _packed(file, path) as stream,
    ):
        for block in blocks:
            stream.write(block.encode("utf-8"))
            num_lines += block.count("\n")
            if on_progress is not None:
                on_progress(num_lines)


def _is_compressed(path: Path) -> bool:
    return path.suffix.lower() == _COMPRESSED


@contextmanager
def _packed(file: BinaryIO, path: Path) -> Iterator[IO[bytes]]:
    """Yield a stream to the file, compressed if the name of the path ends in `.gz`."""
    if not _is_compressed(path):
        yield file
        return
    # No name and time in the header, so the same model always yields the same bytes.
    with gzip.GzipFile(
        filename="", mode="wb", compresslevel=_LEVEL, fileobj=file, mtime=0
    ) as packed:
        yield cast("IO[bytes]", packed)
