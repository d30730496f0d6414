"""A training step, ours and that of the plain model beside it, and the proof that both are one."""

from nextword.benchmarking.step.ours import step_of, training_state
from nextword.benchmarking.step.parity import step_parity
from nextword.benchmarking.step.peer import (
    Peer,
    at_default_precision,
    peer_step,
    peer_step_alone,
)
from nextword.benchmarking.step.sizes import StepSizes, zipf_ids

__all__ = [
    "Peer",
    "StepSizes",
    "at_default_precision",
    "peer_step",
    "peer_step_alone",
    "step_of",
    "step_parity",
    "training_state",
    "zipf_ids",
]
