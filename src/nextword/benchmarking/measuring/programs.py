"""Run a program, and measure its time and its peak memory."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nextword.base import BenchmarkError

#: Starts the program and measures it. On Linux the peak memory of a program includes that of the
#: process that started it, so a process that has imported torch must not start it itself.
_LAUNCHER = """
import json, os, subprocess, sys, time
given, written, *command = sys.argv[1:]
with open(given, "rb") as stdin, open(written, "wb") as stdout:
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=stdin, stdout=stdout)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
status = os.waitstatus_to_exitcode(status)
print(json.dumps([status, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""
#: `ru_maxrss` is in KiB, on macOS in bytes.
_UNITS_PER_MIB = 1024**2 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, kw_only=True)
class ProgramUsage:
    """What a finished program has used.

    Attributes:
        seconds: Time from start to end, in seconds.
        processor_seconds: Processor time of all its threads, in seconds.
        peak_memory_mib: Peak resident memory, in MiB. It is at least that of an empty Python
            process, about 10 MiB.
    """

    seconds: float
    processor_seconds: float
    peak_memory_mib: float


def run_program(
    command: Sequence[str], *, stdin: Path | None = None, stdout: Path | None = None
) -> ProgramUsage:
    """Run a program until it ends, and return what it has used.

    Args:
        command: The program and its arguments.
        stdin: File that it reads as its standard input; empty if None.
        stdout: File for its standard output; discarded if None.

    Raises:
        BenchmarkError: The program cannot be started, or its exit code is not 0.
    """
    files = [str(stdin or os.devnull), str(stdout or os.devnull)]
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *files, *command]
    done = subprocess.run(launcher, capture_output=True, text=True, errors="replace", check=False)
    status, seconds, processor_seconds, peak = (
        json.loads(done.stdout) if done.returncode == 0 else (done.returncode, 0.0, 0.0, 0)
    )
    if status != 0:
        last = (done.stderr.strip().splitlines() or ["it printed nothing."])[-1]
        raise BenchmarkError(
            f"{command[0]} ended with exit code {status}: {last}",
            help=f"Run it by hand: {' '.join(command)}",
        )
    return ProgramUsage(
        seconds=seconds,
        processor_seconds=processor_seconds,
        peak_memory_mib=peak / _UNITS_PER_MIB,
    )
