"""Training steps of nextword compared with three variants of the plain PyTorch model."""

import time
from dataclasses import asdict, dataclass, replace

import torch

from nextword.base import ProgressCallback
from nextword.benchmarking.cases.contract import Case, pairs_hook, row_of
from nextword.benchmarking.measuring import (
    Effort,
    Peaks,
    Samples,
    Step,
    SubprocessStep,
    sample_in_turns,
    timed,
)
from nextword.benchmarking.results import CaseResult, Row
from nextword.benchmarking.step import (
    StepSizes,
    at_default_precision,
    peer_step,
    step_of,
    step_parity,
    timed_peer_step,
    training_state,
)
from nextword.recurrent import layer_backends
from nextword.tensors import dtype_name, has_fast_bfloat16, tune_process

OURS = "nextword"
#: Variants of the plain model. Allocator settings cannot be undone, so the first variant runs in
#: another process without them, in turns with the steps of this process.
PEER_AT_DEFAULTS = "torch at its defaults"
PEER = "torch, allocator set"
PEER_BFLOAT16 = "torch, allocator set, bfloat16"
_KERNELS = "nextword_kernels"


@dataclass(frozen=True, kw_only=True)
class StepCase(Case):
    """A training step of nextword compared with the plain model's.

    Attributes:
        sizes: Sizes of the model and the window.
        backend: As in the setting `training.backend`.
        uses_kernels: Whether the compiled kernels may be used if they are installed.
    """

    sizes: StepSizes
    backend: str = "auto"
    uses_kernels: bool = True

    @property
    def hidden_modules(self) -> tuple[str, ...]:
        """The package of compiled kernels, if they must not be used."""
        return () if self.uses_kernels else (_KERNELS,)

    def measure(self, effort: Effort, *, on_progress: ProgressCallback) -> CaseResult:
        """Check a small step, then time the step in turns with the plain model's."""
        started = time.perf_counter()
        on_progress("checking", 0, total=1)
        tune_process()
        parity = step_parity(
            num_layers=self.sizes.num_layers, precision=self.dtype, backend=self.backend
        )
        peaks = Peaks()
        torch.manual_seed(0)
        state = training_state(self.sizes, precision=dtype_name(self.dtype), backend=self.backend)
        with SubprocessStep(timed_peer_step, self.sizes) as plain:
            contenders: dict[str, Step] = {
                OURS: timed(step_of(state)),
                **_peers(self.sizes),
                PEER_AT_DEFAULTS: plain,
            }
            hook = pairs_hook(on_progress, peaks.measure)
            samples = sample_in_turns(contenders, effort, on_pairs=hook)
        rows = tuple(self._row(samples, name, peaks.rates) for name in contenders)
        return self.result(
            samples,
            kind="step",
            sizes=asdict(self.sizes),
            parity=parity,
            rows=rows,
            started=started,
            backends=layer_backends(state.model),
            peaks={dtype_name(precision): peak for precision, peak in peaks.rates.items()},
        )

    def _row(self, samples: Samples, name: str, peaks: dict[torch.dtype, float]) -> Row:
        precision = {OURS: self.dtype, PEER_BFLOAT16: torch.bfloat16}.get(name, torch.float32)
        row = row_of(samples, name, base=OURS, precision=precision)
        seconds, peak = row.seconds.median, peaks.get(precision)
        return replace(
            row,
            tokens_per_second=self.sizes.num_tokens / seconds,
            share_of_peak=None if peak is None else self.sizes.num_operations / seconds / peak,
        )


def _peers(sizes: StepSizes) -> dict[str, Step]:
    """Return the variants of the plain model that run in this process."""
    peers = {PEER: timed(at_default_precision(peer_step(sizes)))}
    if has_fast_bfloat16(torch.device("cpu")):
        peers[PEER_BFLOAT16] = timed(at_default_precision(peer_step(sizes, bfloat16=True)))
    return peers
