"""The runnable blocks of a Markdown page: found here, and run by tests/docs."""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNNABLE = ("python", "bash", "console")
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<language>[^\n`]*)$")
_NOT_RUN = re.compile(r"^\s*<!-- not run: \S.* -->$")
_COMPARE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block that runs.

    Attributes:
        language: `python`, `bash` or `console`.
        source: The text between the fences.
        line: Number of the first line of the source, from 1.
        output: The `text` block directly below a `python` or `bash` block; empty if there is none.
    """

    language: str
    source: str
    line: int
    output: str = ""


class ExampleError(AssertionError):
    """A block of a page failed, or printed something else than the page says."""


def runnable_blocks(markdown: str) -> Iterator[Block]:
    """Give the blocks of a page that must run, in order; marked ones are left out."""
    lines = markdown.split("\n")
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        number += 1
        if not opening:
            continue
        end = _closing_line(lines, number, opening["fence"])
        before = lines[number - 2] if number >= 2 else ""
        language = opening["language"].strip()
        if language in RUNNABLE and not _NOT_RUN.match(before):
            source = "\n".join(lines[number:end]) + "\n"
            output = "" if language == "console" else _output_below(lines, end + 1)
            yield Block(language=language, source=source, line=number + 1, output=output)
        number = end + 1


def run_page(markdown: str, *, page: str, folder: Path) -> None:
    """Run every block of a page and compare the output that the page shows.

    Python blocks share one namespace, and all blocks share the folder, which must be the working
    directory of this process. In the output, `...` stands for anything. A page shows what a command
    prints to standard output, or what it prints to standard error and then to standard output.

    Raises:
        ExampleError: A command failed, or the output differs.
    """
    namespace: dict[str, Any] = {"__name__": "example"}
    for block in runnable_blocks(markdown):
        where = f"{page}:{block.line}"
        if block.language == "python":
            # Empty lines in front make tracebacks point into the page.
            source = "\n" * (block.line - 1) + block.source
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(source, page, "exec"), namespace)
            _compare(block.output, [printed.getvalue()], where=where)
        elif block.language == "bash":
            _run_command(block.source, expected=block.output, where=where, folder=folder)
        else:
            _session(block.source, where=where, folder=folder)


def _output_below(lines: list[str], start: int) -> str:
    """Return the `text` block that begins at a line, after blank lines; empty if there is none."""
    number = next((n for n in range(start, len(lines)) if lines[n].strip()), start)
    opening = _FENCE.match(lines[number]) if number < len(lines) else None
    if opening is None or opening["language"].strip() != "text":
        return ""
    end = _closing_line(lines, number + 1, opening["fence"])
    return "\n".join(lines[number + 1 : end]) + "\n"


def _compare(expected: str, printed: Sequence[str], *, where: str) -> None:
    """Raise ExampleError if output is shown and none of the printed texts matches it."""
    matches = doctest.OutputChecker().check_output
    if expected and not any(matches(expected, text, _COMPARE) for text in printed):
        raise ExampleError(f"{where}:\nexpected:\n{expected}\nprinted:\n{printed[-1]}")


def _closing_line(lines: list[str], start: int, fence: str) -> int:
    for number in range(start, len(lines)):
        if lines[number].strip() == fence:
            return number
    raise ExampleError(f"the block that starts at line {start} is never closed")


def _session(source: str, *, where: str, folder: Path) -> None:
    """Run `$ command` lines and compare the output shown below each."""
    for command, expected in session_commands(source):
        _run_command(command, expected=expected, where=f"{where}: {command}", folder=folder)


def session_commands(source: str) -> Iterator[tuple[str, str]]:
    """Give each command of a console block with the output shown below it, perhaps none."""
    for part in re.split(r"^\$ ", source, flags=re.MULTILINE)[1:]:
        command, _, output = re.sub(r"\\\n>? *", "", part).partition("\n")
        yield command, output


def _run_command(command: str, *, expected: str, where: str, folder: Path) -> None:
    """Run a command and compare its output, with or without standard error in front."""
    programs = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "OMP_NUM_THREADS": "1",
    }
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise ExampleError(
            f"{where}: exit code {finished.returncode} from\n{command}\n{finished.stderr}"
        )
    printed = [finished.stdout, finished.stderr + finished.stdout]
    _compare(expected, printed, where=where)
