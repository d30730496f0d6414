"""ARPA files on disk, compressed or not: opened for their reader, written atomically.

Knows nothing of what the lines mean.
"""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from nextword.base import CheckpointError, atomic_writer
from nextword.families import NgramLanguageModel, ngram_from_arpa, ngram_to_arpa
from nextword.models import LanguageModel
from nextword.storage.disk import disk_errors
from nextword.text import open_stream
from nextword.tokens import Tokenizer

_COMPRESSED = ".gz"
#: gzip's own default; higher levels take twice the time for a hundredth of the size.
_LEVEL = 6


def read_arpa_file(
    path: Path,
    *,
    encoding: str = "utf-8",
    on_progress: Callable[[int], None] | None = None,
) -> tuple[NgramLanguageModel, Tokenizer]:
    """Read an ARPA file as a model and the tokenizer of its words.

    Args:
        path: The file; gzip, bzip2, xz and Zstandard are recognised by the content.
        encoding: Encoding of its words.
        on_progress: Is told how many lines were read.

    Raises:
        CheckpointError: There is no such file.
        ConfigError: The encoding is unknown, or its line ends are not those of ASCII.
        FormatError: It cannot be read, is malformed or cut short; the message names the line.
    """
    if not path.exists():
        raise CheckpointError(f"there is no file {path}.", help="Check the path.")
    with open_stream(path) as stream:
        return ngram_from_arpa(stream, name=str(path), encoding=encoding, on_progress=on_progress)


def write_arpa_file(
    path: Path,
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Write a model as an ARPA file that appears when it is complete; its folder is made.

    Args:
        path: Where; `.gz` is compressed.
        model: An n-gram model.
        tokenizer: Its tokenizer.
        on_progress: Is told how many lines were written.

    Raises:
        CheckpointError: The file exists already, or the disk refuses.
        ConfigError: The model is no n-gram model.
        DataError: Its tokens cannot be spelt in an ARPA file.
    """
    if path.exists():
        raise CheckpointError(
            f"{path} exists already; it is not replaced.",
            help="Remove it, or choose another place.",
        )
    blocks = ngram_to_arpa(model, tokenizer)
    num_lines = 0
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_writer(path) as file, _packed(file, path) as stream:
            for block in blocks:
                stream.write(block.encode("utf-8"))
                num_lines += block.count("\n")
                if on_progress is not None:
                    on_progress(num_lines)


def _is_compressed(path: Path) -> bool:
    return path.suffix.lower() == _COMPRESSED


@contextmanager
def _packed(file: BinaryIO, path: Path) -> Iterator[IO[bytes]]:
    """Compress what is written where the name says so."""
    if not _is_compressed(path):
        yield file
        return
    # Without name and time, so that the same model gives the same bytes.
    with gzip.GzipFile(
        filename="", mode="wb", compresslevel=_LEVEL, fileobj=file, mtime=0
    ) as packed:
        yield cast("IO[bytes]", packed)
