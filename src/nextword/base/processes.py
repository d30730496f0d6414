"""Processes that do a part of the work: start them, send them jobs, and take the results in order.

A process is started with a Python of its own, not by `multiprocessing`, which would import the main
module of the program again: a script without `if __name__ == "__main__"` would start itself. A
process ends by itself when the process that started it has ended, whatever ended that one.
"""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from typing import Any, TypeVar

from nextword.base.errors import NextwordError, WorkerError

Job = TypeVar("Job")

#: What the Python of a new process runs; its arguments are a file descriptor and the import path.
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from nextword.base import serve_jobs; serve_jobs(int(sys.argv[1]))"
)
_PATIENCE_S = 5.0


def available_processors() -> int:
    """Return the number of processors that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class _Worker:
    connection: "Connection[Any, Any]"
    process: "subprocess.Popen[bytes]"


def map_in_processes(
    jobs: Iterable[Job],
    *,
    make_work: Callable[[], Callable[[Any], Any]],
    message: Callable[[Job], Any],
    num_processes: int,
) -> Generator[tuple[Job, Any], None, None]:
    """Do jobs in new processes, and iterate over the jobs and their results, in order.

    Each process has at most one job at a time, so memory is bounded. An error is raised where one
    process would raise it: after the results of all jobs before it.

    Args:
        jobs: The jobs, read one by one.
        make_work: Called in each process; returns the function that does a job. Can be pickled.
        message: Returns what is sent to a process for a job; can be pickled.
        num_processes: Number of processes.

    Yields:
        Each job with its result. The processes end when the iterator is closed.

    Raises:
        NextwordError: The error of a job, or of reading the jobs.
        WorkerError: A process was killed.
    """
    workers: list[_Worker] = []
    waiting: deque[tuple[Job, _Worker]] = deque()
    errors: list[Exception] = []
    try:
        for number, job in enumerate(_until_error(jobs, errors)):
            if len(waiting) == num_processes:
                yield _result(*waiting.popleft())
            if len(workers) < num_processes:
                workers.append(_start(make_work))
            worker = workers[number % num_processes]
            _send(worker, message(job))
            waiting.append((job, worker))
        while waiting:
            yield _result(*waiting.popleft())
        if errors:
            raise errors[0]
    finally:
        _stop(workers)


def _until_error(jobs: Iterable[Job], errors: list[Exception]) -> Iterator[Job]:
    """Iterate over jobs; an error of reading them ends the iteration and is put into a list."""
    try:
        yield from jobs
    except Exception as error:
        errors.append(error)


def _start(make_work: Callable[[], Callable[[Any], Any]]) -> _Worker:
    ours, theirs = Pipe()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), json.dumps(sys.path)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
    worker = _Worker(connection=ours, process=process)
    _send(worker, make_work)
    return worker


def _send(worker: _Worker, message: Any) -> None:
    try:
        worker.connection.send(message)
    except ConnectionError as error:
        raise _ended(worker) from error


def _result(job: Job, worker: _Worker) -> tuple[Job, Any]:
    try:
        is_done, value = worker.connection.recv()
    except (EOFError, ConnectionError) as error:
        raise _ended(worker) from error
    if not is_done:
        raise value
    return job, value


def _ended(worker: _Worker) -> WorkerError:
    code = worker.process.wait()
    return WorkerError(
        f"a process of this command ended with exit code {code}; the system may have stopped it "
        "because memory ran out.",
        help="Run the command again.",
    )


def _stop(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.connection.close()
    for worker in workers:
        try:
            worker.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()


def serve_jobs(descriptor: int) -> None:
    """Do the jobs that `map_in_processes` sends, until there are no more; for its processes only.

    Args:
        descriptor: File descriptor of the connection.
    """
    # Ctrl-C reaches all processes of a terminal; the first process stops the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection: Connection[Any, Any] = Connection(descriptor)
    # The process that started this one has ended, or needs no more results.
    with suppress(EOFError, ConnectionError):
        _serve(connection)


def _serve(connection: "Connection[Any, Any]") -> None:
    try:
        work = connection.recv()()
        while True:
            connection.send((True, work(connection.recv())))
    except (EOFError, ConnectionError):
        raise
    except Exception as error:
        connection.send((False, portable_error(error)))


def portable_error(error: Exception) -> Exception:
    """Return an error that can be pickled: the error itself, or a RuntimeError with its text."""
    if isinstance(error, NextwordError | OSError | MemoryError):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}")
