"""Several processes, each of which filters one shard after another.

A process ends by itself when the process that started it has ended, whatever ended that one.
"""

import signal
from collections import deque
from collections.abc import Callable, Generator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, cast

import torch

from nextword.base import WorkerError, portable_error

#: Does one job; the second argument is called with the number of records done since the last call.
Work = Callable[[Any, Callable[[int], None]], Any]


def run_in_processes(
    jobs: Sequence[Any],
    *,
    make_work: Callable[[], Work],
    num_processes: int,
    on_records: Callable[[int], None],
) -> Generator[Any, None, None]:
    """Do jobs in new processes, and iterate over the results in the order of completion.

    All processes are stopped when one fails, and when the iterator is closed.

    Args:
        jobs: What is sent to the processes, one at a time; can be pickled.
        make_work: Called in each process; can be pickled.
        num_processes: Number of processes.
        on_records: Called with the number of records that a process has done since its last call.

    Raises:
        NextwordError: The error of a job.
        WorkerError: A process was killed.
    """
    waiting = deque(jobs)
    workers: dict[Connection, SpawnProcess] = {}
    try:
        for _ in range(min(num_processes, len(jobs))):
            connection, process = _start(make_work)
            workers[connection] = process
            connection.send(waiting.popleft())
        busy = set(workers)
        while busy:
            for ready in cast("list[Connection]", wait(list(busy))):
                kind, value = _received(ready, workers[ready])
                if kind == "records":
                    on_records(value)
                    continue
                if kind == "failed":
                    raise value
                if waiting:
                    ready.send(waiting.popleft())
                else:
                    busy.remove(ready)
                yield value
    finally:
        for connection, process in workers.items():
            process.terminate()
            process.join()
            connection.close()


def _start(make_work: Callable[[], Work]) -> tuple[Connection, SpawnProcess]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, make_work), daemon=True)
    process.start()
    # With the last copy of this end closed, the end of the process ends our reading.
    theirs.close()
    return ours, process


def _received(connection: Connection, process: SpawnProcess) -> tuple[str, Any]:
    try:
        found: tuple[str, Any] = connection.recv()
    except (EOFError, ConnectionError) as error:
        process.join()
        raise WorkerError(
            f"a process of this command ended with exit code {process.exitcode}; the system may "
            "have stopped it because memory ran out.",
            help="Run the command again, perhaps with fewer --processes: complete shards are kept.",
        ) from error
    return found


def _serve(connection: Connection, make_work: Callable[[], Work]) -> None:
    """Do the jobs that are received until there are no more."""
    # Ctrl-C reaches all processes of a terminal; the first process stops the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    try:
        work = make_work()
        while True:
            job = connection.recv()
            connection.send(("done", work(job, lambda number: _report(connection, number))))
    except (EOFError, ConnectionError):
        return  # The process that started this one has ended.
    except Exception as error:
        connection.send(("failed", portable_error(error)))


def _report(connection: Connection, number: int) -> None:
    connection.send(("records", number))
