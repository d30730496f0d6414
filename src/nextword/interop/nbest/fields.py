"""Lines of n-best files: names, numbers and texts, with errors that name the line."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from nextword.base import DataError
from nextword.text import open_stream

_NUMBERED = re.compile(r"(.+)-(\d{1,9})")
_TENSOR = re.compile(r"tensor\(([^,)]+).*\)")


def fail(place: str, problem: str, *, help: str = "") -> NoReturn:
    """Raise a DataError that names a place."""
    raise DataError(f"{place}: {problem}", help=help)


def numbered_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Iterate over the places and texts of the lines of a file that are not blank.

    Args:
        path: The file, compressed or not.

    Raises:
        DataError: There is no such file, or it is not UTF-8.
    """
    if not path.is_file():
        raise DataError(f"there is no file {path}.", help="Check the path.")
    with open_stream(path) as stream:
        content = stream.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not UTF-8 at byte {error.start}.", help="Convert it with iconv."
        ) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield f"{path}, line {number}", line.removesuffix("\r")


def table(path: Path) -> dict[str, tuple[str, str]]:
    """Return the values of lines `name value`, with their places.

    Args:
        path: The file.

    Returns:
        A mapping from the name to the place and the value, which may be empty.

    Raises:
        DataError: A name occurs twice.
    """
    found: dict[str, tuple[str, str]] = {}
    for place, line in numbered_lines(path):
        name, *rest = line.split(None, 1)
        if name in found:
            fail(place, f"{name} occurs a second time.")
        found[name] = (place, rest[0].strip() if rest else "")
    return found


def number_of(place: str, value: Any) -> float:
    """Return a score as a number; `tensor(-1.5)` of ESPnet is -1.5.

    Raises:
        DataError: It is not a finite number.
    """
    text = str(value).strip()
    tensor = _TENSOR.fullmatch(text)
    try:
        number = float(tensor[1] if tensor else text)
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        fail(place, f"{value!r} is not a finite number.")
    return number


def utterance_and_rank(place: str, name: str) -> tuple[str, int]:
    """Return the parts of `utterance-k`.

    Raises:
        DataError: The name does not end in a hyphen and a number.
    """
    match = _NUMBERED.fullmatch(name)
    if match is None:
        fail(
            place,
            f"{name!r} does not end in a hyphen and the number of the hypothesis.",
            help="Name hypotheses as Kaldi does: utterance-1, utterance-2, ...",
        )
    return match[1], int(match[2])
