"""Filtering of shards on a Ray cluster, with Ray Data. Knows no models.

Ray starts the processes, on one machine or many; what each does with a shard is that of
`nextword.filtering`, so the results are the same bytes. All machines must see the same folders.
"""

import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nextword.base import MissingExtraError, NextwordError, WorkerError
from nextword.filtering import ShardSummary, ShardWork


def require_ray() -> Any:
    """Import and return the module `ray.data`.

    Raises:
        MissingExtraError: Ray is not installed.
    """
    try:
        import ray.data
    except ImportError as error:
        raise MissingExtraError(
            "the engine 'ray' needs Ray Data, which is not installed.",
            help="pip install 'nextword[ray]'",
        ) from error
    return ray.data


def ray_shards(
    shards: Sequence[Path],
    work: ShardWork,
    *,
    num_processes: int,
    on_records: Callable[[int], None],
) -> Iterator[ShardSummary]:
    """Filter shards with Ray Data, and iterate over the summaries in the order of completion.

    Args:
        shards: The shards; at least one.
        work: What each process is given.
        num_processes: Number of Ray actors; each filters one shard at a time.
        on_records: Called with the number of records of each shard that is complete.

    Raises:
        NextwordError: The error of a shard.
        WorkerError: Ray failed, for example because a machine was lost.
    """
    data = require_ray()
    rows = [{"shard": str(path.absolute())} for path in shards]
    found = data.from_items(rows, override_num_blocks=len(rows)).map(
        ShardActor, fn_constructor_args=(work,), concurrency=min(num_processes, len(rows))
    )
    try:
        for row in found.iter_rows():
            # The bytes are those of the actors of this call.
            summary = pickle.loads(row["result"])
            if isinstance(summary, NextwordError):
                raise summary
            on_records(summary.num_records)
            yield summary
    except NextwordError:
        raise
    except Exception as error:
        raise WorkerError(
            f"Ray ended with {type(error).__name__}: {_last_line(error)}.",
            help="Run the command again: complete shards are kept.",
        ) from error


def _last_line(error: Exception) -> str:
    """Return the last line of an error of Ray, which is that of the process itself."""
    return (str(error).strip().splitlines() or ["no message"])[-1].rstrip(".")


class ShardActor:
    """Filters one shard after another in a process of Ray.

    Args:
        work: What each process is given.
    """

    def __init__(self, work: ShardWork) -> None:
        self._work = work()

    def __call__(self, row: dict[str, Any]) -> dict[str, bytes]:
        """Return the pickled summary of a shard, or the error that it ended with."""
        try:
            found: object = self._work(Path(row["shard"]), lambda number: None)
        except NextwordError as error:
            found = error
        return {"result": pickle.dumps(found)}
