"""Time two recurrent layers, forward and backward, beside torch.nn's, and give the ratios.

Both run in one process, one pass of ours then one of torch's; a pair counts only between two fast
probe products, because shared machines drift. All products are included on both sides: the
inputs', the recurrent ones and those of every gradient, and ours packs its weights anew for every
pass, as training does. torch's matmul setting is `medium` for both (see nextword.tensors.tuning).

    python benchmarks/layer.py --pairs 15 --hidden-size 650 --json results.json

On a machine that others use, `--threads 1 --clock cpu` compares the processor time of one thread.
Needs nextword itself as well, whose backend `native` makes the products outside of time.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

import nextword_kernels as kernels
from nextword.recurrent.backends import native
from nextword.tensors import tune_process

NUM_LAYERS = 2
PROBE_SIZE = 512
#: A pair counts when both probes around it are within this factor of the fastest probe seen.
PROBE_TOLERANCE = 1.25
#: Relative L2 distance from torch's float32 outputs beyond which nothing is reported.
LIMITS = {torch.float32: 1e-5, torch.bfloat16: 2e-2}


@dataclass(frozen=True)
class Family:
    """A kind of layer: torch's module, our kernel, and how many parts its state has."""

    module: Callable[..., nn.RNNBase]
    kernel: native.RecurrentKernel
    num_parts: int


FAMILIES = {
    "lstm": Family(nn.LSTM, native.LstmKernel(), 2),
    "gru": Family(nn.GRU, native.GruKernel(), 1),
    "elman": Family(nn.RNN, native.ElmanKernel("tanh"), 1),
}


class Case:
    """Two layers, their operands, and one pass of either kind."""

    def __init__(self, family: Family, hidden_size: int, batch_size: int, num_steps: int) -> None:
        torch.manual_seed(0)
        self.family = family
        self.module = family.module(hidden_size, hidden_size, NUM_LAYERS)
        # Time-major for torch, for which it is the faster order.
        self.inputs = torch.randn(num_steps, batch_size, hidden_size, requires_grad=True)
        self.grad_outputs = torch.randn(num_steps, batch_size, hidden_size)
        self.state = [torch.zeros(batch_size, hidden_size) for _ in range(family.num_parts)]

    def theirs(self) -> Tensor:
        outputs, _ = self.module(self.inputs)
        return outputs

    def ours(self) -> Tensor:
        outputs = self.inputs.transpose(0, 1)
        for layer in range(NUM_LAYERS):
            outputs, _ = native.run_kernel(
                self.family.kernel, outputs, self.state, weights=self._weights(layer)
            )
        return outputs.transpose(0, 1)

    def _weights(self, layer: int) -> list[Tensor]:
        parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weight_ih, weight_hh, bias_ih, bias_hh = (
            getattr(self.module, f"{part}_l{layer}") for part in parts
        )
        if not isinstance(self.family.kernel, native.GruKernel):
            return [weight_ih, weight_hh, bias_ih + bias_hh]
        size = self.module.hidden_size
        outside = torch.cat([bias_hh[: 2 * size], torch.zeros(size)])
        return [weight_ih, weight_hh, bias_ih + outside, bias_hh[2 * size :]]

    def train(self, forward: Callable[[], Tensor], precision: torch.dtype) -> None:
        self.module.zero_grad()
        self.inputs.grad = None
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == torch.bfloat16):
            outputs = forward()
        outputs.backward(self.grad_outputs.to(outputs.dtype))

    def distance(self, precision: torch.dtype) -> float:
        """Relative L2 distance of our outputs from torch's in float32."""
        with torch.no_grad():
            expected = self.theirs()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == torch.bfloat16):
                outputs = self.ours()
        return ((outputs.float() - expected).norm() / expected.norm()).item()


class Probe:
    """A small product whose time says whether the machine is at full speed right now."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.matrix = torch.randn(PROBE_SIZE, PROBE_SIZE)
        self.fastest = min(self.seconds() for _ in range(20))

    def seconds(self) -> float:
        started = self.clock()
        self.matrix @ self.matrix
        return self.clock() - started

    def is_fast(self) -> bool:
        seconds = self.seconds()
        self.fastest = min(self.fastest, seconds)
        return seconds <= PROBE_TOLERANCE * self.fastest


def measure(
    case: Case, precision: torch.dtype, *, num_pairs: int, clock: Callable[[], float]
) -> dict[str, object]:
    """Interleave both kinds of pass and give the figures of the pairs that count."""
    distance = case.distance(precision)
    if not distance <= LIMITS[precision]:
        raise SystemExit(f"outputs are {distance:.1e} from torch's; no speed is reported.")

    def seconds(forward: Callable[[], Tensor]) -> float:
        started = clock()
        case.train(forward, precision)
        return clock() - started

    for _ in range(3):
        seconds(case.ours)
        seconds(case.theirs)
    probe = Probe(clock)
    pairs: list[tuple[float, float]] = []
    discarded = 0
    while len(pairs) < num_pairs and discarded < 10 * num_pairs:
        before = probe.is_fast()
        pair = (seconds(case.ours), seconds(case.theirs))
        if before and probe.is_fast():
            pairs.append(pair)
        else:
            discarded += 1
    if not pairs:
        raise SystemExit("no pair between two fast probes; the machine is too busy.")
    return {
        "precision": str(precision).removeprefix("torch."),
        "ratio": round(statistics.median(their / our for our, their in pairs), 2),
        "ours_ms": round(1000 * statistics.median(our for our, _ in pairs), 1),
        "torch_ms": round(1000 * statistics.median(their for _, their in pairs), 1),
        "distance": distance,
        "pairs": len(pairs),
        "discarded": discarded,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), choices=FAMILIES)
    parser.add_argument("--hidden-size", nargs="+", type=int, default=[200, 650, 1024])
    parser.add_argument("--batch-size", type=int, default=20)
    parser.add_argument("--num-steps", type=int, default=35)
    parser.add_argument("--pairs", type=int, default=15, help="pairs of passes that count")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    if options.clock == "cpu" and options.threads != 1:
        parser.error("--clock cpu counts one thread only; add --threads 1")
    clock = time.perf_counter if options.clock == "wall" else time.thread_time
    tuning = tune_process(num_threads=options.threads)
    rows = []
    for name in options.families:
        for hidden_size in options.hidden_size:
            case = Case(FAMILIES[name], hidden_size, options.batch_size, options.num_steps)
            for precision in LIMITS:
                figures = measure(case, precision, num_pairs=options.pairs, clock=clock)
                rows.append({"case": f"{name} {NUM_LAYERS}x{hidden_size}", **figures})
                print(json.dumps(rows[-1]), flush=True)
    setting = {
        "batch": f"{options.batch_size} x {options.num_steps}",
        "threads": tuning.num_threads,
        "clock": options.clock,
        "instruction_set": kernels.instruction_set(),
        "torch": torch.__version__,
    }
    if options.json is not None:
        options.json.write_text(json.dumps({"setting": setting, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
