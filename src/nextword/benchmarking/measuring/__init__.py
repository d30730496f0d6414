"""Measurement of time, memory and correctness. Knows nothing of models."""

from nextword.benchmarking.measuring.bandwidth import Bandwidth
from nextword.benchmarking.measuring.machine import describe_machine
from nextword.benchmarking.measuring.memory import memory_growth_mib
from nextword.benchmarking.measuring.parity import LIMITS, Parity, check_parity
from nextword.benchmarking.measuring.peak import Peaks
from nextword.benchmarking.measuring.processes import (
    SubprocessStep,
    call_in_subprocess,
)
from nextword.benchmarking.measuring.programs import ProgramUsage, run_program
from nextword.benchmarking.measuring.sampler import (
    Effort,
    Probe,
    Samples,
    Step,
    sample_in_turns,
    timed,
)
from nextword.benchmarking.measuring.spread import Spread

__all__ = [
    "LIMITS",
    "Bandwidth",
    "Effort",
    "Parity",
    "Peaks",
    "Probe",
    "ProgramUsage",
    "Samples",
    "Spread",
    "Step",
    "SubprocessStep",
    "call_in_subprocess",
    "check_parity",
    "describe_machine",
    "memory_growth_mib",
    "run_program",
    "sample_in_turns",
    "timed",
]
