"""Memory: what a model takes at least, what this process may take, and what it has taken."""

import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from nextword.base import ConfigError
from nextword.families import NetworkSpec
from nextword.families.contract import Network, build_without_memory
from nextword.layers import sparse_parameters
from nextword.training.config import RunConfig

BYTES_PER_NUMBER = 4
#: Scores and their gradient, float32 each.
_BYTES_PER_SCORE = 8
MEBIBYTE = 2**20
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")
_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True, kw_only=True)
class MemoryLimit:
    """The memory that this process may take.

    Attributes:
        mib: The limit, in MiB.
        source: What sets it.
    """

    mib: float
    source: str

    def __str__(self) -> str:
        return f"{self.mib:,.0f} MiB, {self.source}"


def memory_limit(device: torch.device) -> MemoryLimit | None:
    """Return the memory of a device, or the limit of this process's control group if it is lower.

    Control groups limit containers and jobs of clusters. A process that takes more is killed.

    Args:
        device: The device of the model.

    Returns:
        The limit; None if it is not known, as on macOS.
    """
    if device.type == "cuda":
        size = torch.cuda.get_device_properties(device).total_memory
        return MemoryLimit(mib=size / MEBIBYTE, source=f"the memory of {device}")
    if device.type != "cpu" or not _MEMINFO.exists():
        return None
    total = _MEMINFO.read_text().split("MemTotal:")[1].split()[0]
    limits = [MemoryLimit(mib=int(total) / 1024, source="the memory of this machine")]
    limits += [
        MemoryLimit(mib=number / MEBIBYTE, source="the limit of this control group (cgroup)")
        for number in _cgroup_limits()
    ]
    return min(limits, key=lambda limit: limit.mib)


def _cgroup_limits() -> Iterator[int]:
    """Yield the limits in bytes of this process's control group and of those that contain it."""
    lines = _OWN_CGROUP.read_text().splitlines() if _OWN_CGROUP.exists() else []
    places = [("", "memory.max", "/"), ("memory", "memory.limit_in_bytes", "/")]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            places.append(("", "memory.max", path))
        elif "memory" in controllers.split(","):
            places.append(("memory", "memory.limit_in_bytes", path))
    for mount, name, path in places:
        folder = Path(path.lstrip("/"))
        for part in (folder, *folder.parents):
            file = _CGROUPS / mount / part / name
            text = file.read_text().strip() if file.is_file() else ""
            if text.isdecimal():
                yield int(text)


def peak_memory_mib() -> float:
    """Return the largest resident memory that this process has had, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MEBIBYTE if sys.platform == "darwin" else 1024)


def weights_mib(model: Network, config: RunConfig) -> float:
    """Return the memory of weights, gradients, optimizer state and weight average, in MiB.

    Args:
        model: The model; may be on the meta device.
        config: The settings.
    """
    copies = 2 + _optimizer_copies(config) + (config.averaging.decay > 0.0)
    # Gradients and optimizer state of a sparse table are much smaller than the table.
    num_sparse = sum(table.numel() for table in sparse_parameters(model))
    num_numbers = num_sparse + copies * (model.num_parameters - num_sparse)
    return num_numbers * BYTES_PER_NUMBER / MEBIBYTE


def scores_mib(model: Network, config: RunConfig, *, num_tokens: int) -> float:
    """Return the memory of the scores of one update and their gradient, in MiB.

    Args:
        model: The model; may be on the meta device.
        config: The settings.
        num_tokens: Length of the training text.
    """
    num_positions = min(config.training.positions_at_once, num_tokens)
    num_scores = model.output.num_scores_held(num_positions)
    return num_scores * _BYTES_PER_SCORE / MEBIBYTE


def require_memory(
    build: Callable[[NetworkSpec], Network],
    network: NetworkSpec,
    *,
    config: RunConfig,
    device: torch.device,
    num_tokens: int,
) -> None:
    """Raise an error before a model is built that cannot fit in memory.

    Args:
        build: Builds the network.
        network: What it is built from.
        config: The settings.
        device: The device of the model.
        num_tokens: Length of the training text.

    Raises:
        ConfigError: Weights, gradients, optimizer state and the scores of one update alone take
            more memory than there is.
    """
    limit, planned = memory_limit(device), build_without_memory(build, network)
    if limit is None or planned is None:
        return
    weights = weights_mib(planned, config)
    scores = scores_mib(planned, config, num_tokens=num_tokens)
    if weights > limit.mib:
        raise ConfigError(
            f"the model has {planned.num_parameters:,} parameters; weights, gradients and "
            f"optimizer state take {weights:,.0f} MiB, more than there is ({limit}).",
            help="Lower model.hidden_size, model.num_layers, model.embedding_size or "
            "tokenizer.vocab_size; SGD needs less memory than AdamW.",
        )
    if weights + scores > limit.mib:
        raise ConfigError(
            f"the scores of one update take {scores:,.0f} MiB and the model {weights:,.0f} MiB, "
            f"more than there is ({limit}).",
            help="Lower training.batch_size or training.bptt_steps, raise "
            "training.accumulation_steps, or use --set output.kind=adaptive.",
        )


def _optimizer_copies(config: RunConfig) -> int:
    """Return the number of values that the optimizer stores per weight."""
    if config.optimizer.kind == "adamw":
        return 2
    return 1 if config.optimizer.momentum > 0.0 else 0
