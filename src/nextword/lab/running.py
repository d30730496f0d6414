"""Running experiments one after another, and the report of a run."""

import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from nextword.lab.contract import Claim, Figures, Outcome
from nextword.lab.workbench import Workbench
from nextword.tensors import tune_process


@dataclass(frozen=True, kw_only=True)
class Report:
    """The outcomes of a run of the lab.

    Attributes:
        seed: The seed.
        outcomes: One for each claim, in order.
        machine: Versions and number of threads. The last digits of a figure may depend on them.
    """

    seed: int
    outcomes: tuple[Outcome, ...]
    machine: Figures = field(default_factory=dict)

    @property
    def missed(self) -> tuple[Outcome, ...]:
        """The outcomes whose stated expectation is missed."""
        return tuple(each for each in self.outcomes if not each.finding.passed)

    def to_dict(self) -> Figures:
        """Return the report as JSON values."""
        return {
            "seed": self.seed,
            "machine": self.machine,
            "claims": [outcome.to_dict() for outcome in self.outcomes],
        }


def run_claims(
    claims: Sequence[Claim],
    bench: Workbench,
    *,
    on_outcome: Callable[[Report], None] | None = None,
) -> Report:
    """Run the experiments of claims.

    The generators are seeded before each experiment, so its figures do not depend on the others.

    Args:
        claims: The claims.
        bench: The folder, the seed and the progress hook.
        on_outcome: Called with the report so far after each experiment.

    Returns:
        The report.
    """
    outcomes: tuple[Outcome, ...] = ()
    for number, claim in enumerate(claims):
        bench.on_progress(f"claims ({claim.id} {claim.name})", number, total=len(claims))
        outcomes = (*outcomes, run_claim(claim, bench))
        if on_outcome is not None:
            on_outcome(_report(outcomes, bench))
    return _report(outcomes, bench)


def run_claim(claim: Claim, bench: Workbench) -> Outcome:
    """Run the experiment of one claim.

    The process is tuned before, as trainings do, so that figures do not depend on whether a claim
    before this one has trained a model.
    """
    tune_process()
    bench.seed_generators()
    started = time.perf_counter()
    finding = claim.measure(bench)
    return Outcome(claim=claim, finding=finding, seconds=time.perf_counter() - started)


def _report(outcomes: tuple[Outcome, ...], bench: Workbench) -> Report:
    return Report(seed=bench.seed, outcomes=outcomes, machine=describe_software())


def describe_software() -> Figures:
    """Return the versions and the number of threads that figures may depend on."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "platform": f"{sys.platform} {platform.machine()}",
        "threads": torch.get_num_threads(),
    }
