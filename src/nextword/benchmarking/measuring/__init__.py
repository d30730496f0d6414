"""How anything is measured: in turns, between probes, beside a peak, after a check.

Knows nothing of models.
"""

from nextword.benchmarking.measuring.machine import describe_machine
from nextword.benchmarking.measuring.memory import memory_growth_mib
from nextword.benchmarking.measuring.parity import LIMITS, Parity, check_parity
from nextword.benchmarking.measuring.peak import Peaks
from nextword.benchmarking.measuring.processes import StepElsewhere, call_alone
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
    "Effort",
    "Parity",
    "Peaks",
    "Probe",
    "Samples",
    "Spread",
    "Step",
    "StepElsewhere",
    "call_alone",
    "check_parity",
    "describe_machine",
    "memory_growth_mib",
    "sample_in_turns",
    "timed",
]
