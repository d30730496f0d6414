"""The runnable blocks of a Markdown page: found here, and run by tests/docs."""

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNNABLE = ("python", "bash", "console")
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<language>[^\n`]*)$")
_NOT_RUN = re.compile(r"^\s*<!-- not run: \S.* -->$")
_COMPARE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block: its language, its text, the line of its first line of code, from 1."""

    language: str
    source: str
    line: int


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
            yield Block(language=language, source=source, line=number + 1)
        number = end + 1


def run_page(markdown: str, *, page: str, folder: Path) -> None:
    """Run every block of a page; Python blocks share one namespace, and all share the folder.

    The working directory of this process must be the folder already.
    """
    namespace: dict[str, Any] = {"__name__": "example"}
    for block in runnable_blocks(markdown):
        where = f"{page}:{block.line}"
        if block.language == "python":
            # Empty lines in front make tracebacks point into the page.
            source = "\n" * (block.line - 1) + block.source
            exec(compile(source, page, "exec"), namespace)
        elif block.language == "bash":
            _shell(block.source, where=where, folder=folder)
        else:
            _session(block.source, where=where, folder=folder)


def _closing_line(lines: list[str], start: int, fence: str) -> int:
    for number in range(start, len(lines)):
        if lines[number].strip() == fence:
            return number
    raise ExampleError(f"the block that starts at line {start} is never closed")


def _session(source: str, *, where: str, folder: Path) -> None:
    """Run `$ command` lines; output written below one must match, `...` standing for anything."""
    for command, expected in session_commands(source):
        printed = _shell(command, where=where, folder=folder)
        matches = doctest.OutputChecker().check_output(expected, printed, _COMPARE)
        if expected and not matches:
            raise ExampleError(f"{where}: {command}\nexpected:\n{expected}\nprinted:\n{printed}")


def session_commands(source: str) -> Iterator[tuple[str, str]]:
    """Give each command of a console block with the output shown below it, perhaps none."""
    for part in re.split(r"^\$ ", source, flags=re.MULTILINE)[1:]:
        command, _, output = re.sub(r"\\\n>? *", "", part).partition("\n")
        yield command, output


def _shell(command: str, *, where: str, folder: Path) -> str:
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
    return finished.stdout
