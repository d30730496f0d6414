"""Joining the processes that `torchrun` has started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist

from nextword.base import ConfigError
from nextword.parallel.process_group import current_world
from nextword.parallel.world import World

#: A process waits this long for the others. A process that ends is noticed at once; a long
#: validation of the first process must not be taken for an end.
_TIMEOUT = timedelta(days=7)


@contextmanager
def join_processes() -> Iterator[World]:
    """Join the processes of `torchrun` inside the block.

    The processes are found by the environment variables that `torchrun` sets. They exchange values
    by gloo on CPUs and by NCCL on GPUs. Each process of a machine uses a GPU of its own.

    Yields:
        The processes.

    Raises:
        ConfigError: The variables are incomplete, or the processes cannot be connected.
    """
    if not dist.is_available():
        raise ConfigError(
            "this build of torch has no torch.distributed, which several processes need.",
            help="Install another build of torch, or train on one process.",
        )
    has_nccl = torch.cuda.is_available() and dist.is_nccl_available()
    try:
        _connect("cpu:gloo,cuda:nccl" if has_nccl else "gloo")
    except (ValueError, RuntimeError) as error:
        raise ConfigError(
            f"cannot join the other processes: {' '.join(str(error).split())[:200]}.",
            help="Start them with torchrun --nproc-per-node N -m nextword train ...; for a single "
            "process, unset WORLD_SIZE and RANK.",
        ) from error
    try:
        if has_nccl and dist.get_node_local_rank(0) < torch.cuda.device_count():
            torch.cuda.set_device(dist.get_node_local_rank(0))
        yield current_world()
    finally:
        dist.destroy_process_group()


def _connect(backend: str) -> None:
    """Create the default process group.

    After a restart, the store of torchrun still has the addresses of the processes that have ended.
    A process that starts before the others would connect to them, so each attempt has keys of its
    own.
    """
    # Imported here because torch can be built without them. Functions of torch.distributed.nn have
    # the default group as default argument: imported after it exists, which torch.optim does, they
    # keep its threads alive until the interpreter ends, and that can abort the process.
    import torch.distributed.nn  # noqa: F401
    from torch.distributed.distributed_c10d import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    store, rank, size = next(rendezvous("env://", timeout=_TIMEOUT))
    attempt = f"{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}-of-{size}"
    dist.init_process_group(
        backend,
        store=PrefixStore(f"nextword-{attempt}", store),
        rank=rank,
        world_size=size,
        timeout=_TIMEOUT,
    )
