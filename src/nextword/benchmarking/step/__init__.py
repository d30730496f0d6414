"""A training step of nextword and of a plain PyTorch model, and a check that both are equal."""

from nextword.benchmarking.step.ours import step_of, training_state
from nextword.benchmarking.step.parity import step_parity
from nextword.benchmarking.step.peer import (
    Peer,
    at_default_precision,
    peer_step,
    timed_peer_step,
)
from nextword.benchmarking.step.sizes import StepSizes, zipf_ids

__all__ = [
    "Peer",
    "StepSizes",
    "at_default_precision",
    "peer_step",
    "step_of",
    "step_parity",
    "timed_peer_step",
    "training_state",
    "zipf_ids",
]
