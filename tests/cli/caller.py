"""What the tests of the command line share: options of a tiny training, and how calls end."""

from collections.abc import Callable
from dataclasses import dataclass

TINY = (
    *("--recipe", "lstm-small", "--device", "cpu", "--quiet"),
    *("--set", "model.hidden_size=16", "--set", "training.epochs=2"),
    *("--set", "training.batch_size=4", "--set", "training.bptt_steps=8"),
    *("--set", "training.log_every=5", "--set", "training.precision=float32"),
)


@dataclass(frozen=True)
class Finished:
    """What one call came to."""

    code: int
    out: str
    err: str


Call = Callable[..., Finished]
