"""A description of the machine that a benchmark runs on."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import torch

from nextword import __version__
from nextword.base import Values
from nextword.tensors import has_fast_bfloat16, kernels_are_installed, load_kernels

_CPU_LINES = Path("/proc/cpuinfo")


def describe_machine() -> Values:
    """Return the hardware, software versions and date as JSON values."""
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "has_fast_bfloat16": has_fast_bfloat16(torch.device("cpu")),
        "kernels": kernels_instruction_set(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "nextword": __version__,
        "date": datetime.now(UTC).date().isoformat(),
    }


def cpu_name() -> str:
    """Return the processor's name as reported by the system."""
    if _CPU_LINES.exists():
        for line in _CPU_LINES.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def kernels_instruction_set() -> str | None:
    """Return the instruction set of the compiled kernels; None if they are not installed."""
    return str(load_kernels().instruction_set()) if kernels_are_installed() else None
