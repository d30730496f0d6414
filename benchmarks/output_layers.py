"""Time a training step of each output layer, and measure how much memory it takes.

A step is forward, backward and plain SGD on made-up hidden vectors and made-up ids that follow
Zipf's law. Full, chunked and sampled softmax share one weight, so that all fit side by side. They
take turns in one process; a sample counts only between two fast probe products, because shared
machines drift, and the ratio is the median over turns of full / other. Memory is the growth of the
process in its first step, gradients included, each in a process of its own.

    python benchmarks/output_layers.py --vocab-sizes 10000 33000 --turns 8 --json results.json
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import Tensor, nn

from nextword.optim import (
    OptimizerConfig,
    build_optimizer,
    gradient_entries,
    takes_sparse_gradients,
)
from nextword.outputs import (
    AdaptiveSoftmax,
    ChunkedSoftmax,
    FullSoftmax,
    Output,
    OutputKind,
    SampledSoftmax,
)
from nextword.tensors import autocast, tune_process

KINDS: tuple[OutputKind, ...] = ("full", "chunked", "adaptive", "sampled")
NUM_POSITIONS = 700
PROBE_SIZE = 768
#: A turn counts when the probes around it are within this factor of the fastest one seen.
PROBE_TOLERANCE = 1.25
SGD = OptimizerConfig(kind="sgd", learning_rate=1e-3)
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def build(
    kind: OutputKind, vocab_size: int, hidden_size: int, weight: nn.Parameter | None
) -> Output:
    if kind == "adaptive":
        output: Output = AdaptiveSoftmax(hidden_size, vocab_size)
    elif kind == "sampled":
        output = SampledSoftmax(
            hidden_size, vocab_size, num_samples=min(1024, vocab_size), tied_weight=weight
        )
    else:
        full = ChunkedSoftmax if kind == "chunked" else FullSoftmax
        output = full(hidden_size, vocab_size, tied_weight=weight)
    output.sparse_gradients = True
    return output.train()


def zipf_ids(vocab_size: int) -> Tensor:
    """Ids whose chance falls as one over their rank."""
    weights = 1.0 / torch.arange(1, vocab_size + 1, dtype=torch.float64)
    return torch.multinomial(weights, NUM_POSITIONS, replacement=True)


def training_step(output: Output, hidden_size: int, precision: torch.dtype) -> Callable[[], None]:
    vocab_size = output.log_probs(torch.zeros(1, hidden_size)).shape[1]
    hidden = torch.randn(NUM_POSITIONS, hidden_size, requires_grad=True)
    target_ids = zipf_ids(vocab_size)
    optimizer = build_optimizer(output, SGD)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        hidden.grad = None
        with autocast(precision, hidden.device):
            nll = output.nll(hidden, target_ids).mean()
        nll.backward()
        gradient_entries(output.parameters(), keep_sparse=takes_sparse_gradients(SGD))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


class Probe:
    """A small product whose time says whether the machine is at full speed right now."""

    def __init__(self) -> None:
        self.matrix = torch.randn(PROBE_SIZE, PROBE_SIZE)
        self.fastest = min(self.seconds() for _ in range(20))

    def seconds(self) -> float:
        started = time.perf_counter()
        self.matrix @ self.matrix
        return time.perf_counter() - started

    def is_fast(self) -> bool:
        seconds = self.seconds()
        self.fastest = min(self.fastest, seconds)
        return seconds <= PROBE_TOLERANCE * self.fastest


def seconds_of(step: Callable[[], None]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def measure_speed(
    vocab_size: int, hidden_size: int, precision: str, *, num_turns: int
) -> dict[str, dict[str, float]]:
    """Let the outputs take turns; give for each its milliseconds and the ratio full / it."""
    torch.manual_seed(0)
    weight = nn.Parameter(0.05 * torch.randn(vocab_size, hidden_size))
    steps = {
        kind: training_step(
            build(kind, vocab_size, hidden_size, weight), hidden_size, PRECISIONS[precision]
        )
        for kind in KINDS
    }
    probe = Probe()
    for step in steps.values():
        step()
    turns: list[dict[str, float]] = []
    for _ in range(5 * num_turns):
        turn = {kind: seconds_of(step) for kind, step in steps.items() if probe.is_fast()}
        if len(turn) == len(KINDS) and probe.is_fast():
            turns.append(turn)
        if len(turns) == num_turns:
            break
    if not turns:
        raise SystemExit("no turn between fast probes; the machine is too busy")
    return {
        kind: {
            "ms": 1000 * statistics.median(turn[kind] for turn in turns),
            "ratio": statistics.median(turn["full"] / turn[kind] for turn in turns),
            "turns": len(turns),
        }
        for kind in KINDS
    }


def resident_mib(field: str) -> float:
    """Read a field of the process's memory: VmRSS now, VmHWM at most so far (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def memory_growth(kind: OutputKind, vocab_size: int, hidden_size: int, precision: str) -> float:
    """Give by how many MiB this process grows in the first step of an output."""
    torch.manual_seed(0)
    output = build(kind, vocab_size, hidden_size, None)
    step = training_step(output, hidden_size, PRECISIONS[precision])
    training_step(build("full", 50, hidden_size, None), hidden_size, PRECISIONS[precision])()
    before = resident_mib("VmRSS")
    step()
    return resident_mib("VmHWM") - before


def measure_memory(kind: str, *case: object) -> float:
    """Measure the growth in a process of its own."""
    command = [sys.executable, __file__, "--memory-of", kind, *map(str, case)]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(finished.stdout)


def measure_case(
    vocab_size: int, hidden_size: int, precision: str, *, num_turns: int
) -> dict[str, object]:
    outputs = measure_speed(vocab_size, hidden_size, precision, num_turns=num_turns)
    growth = {kind: measure_memory(kind, vocab_size, hidden_size, precision) for kind in KINDS}
    for kind, figures in outputs.items():
        figures["memory_growth_mib"] = growth[kind]
        figures["memory_share"] = growth[kind] / growth["full"]
    return {
        "vocab_size": vocab_size,
        "hidden_size": hidden_size,
        "num_positions": NUM_POSITIONS,
        "precision": precision,
        "outputs": outputs,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocab-sizes", type=int, nargs="+", default=[10_000, 33_000, 267_735])
    parser.add_argument("--hidden-sizes", type=int, nargs="+", default=[650, 1024])
    parser.add_argument(
        "--precisions", nargs="+", choices=PRECISIONS, default=["float32", "bfloat16"]
    )
    parser.add_argument("--turns", type=int, default=8, help="turns that count, for each case")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--memory-of", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    tuning = tune_process()
    if options.memory_of:
        kind, vocab_size, hidden_size, precision = options.memory_of
        print(memory_growth(kind, int(vocab_size), int(hidden_size), precision))
        return
    cases = []
    for vocab_size in options.vocab_sizes:
        for hidden_size in options.hidden_sizes:
            for precision in options.precisions:
                case = measure_case(vocab_size, hidden_size, precision, num_turns=options.turns)
                print(json.dumps(case), file=sys.stderr, flush=True)
                cases.append(case)
    figures = {
        "cases": cases,
        "threads": tuning.num_threads,
        "torch": torch.__version__,
        "machine": platform.machine(),
        "date": datetime.now(UTC).date().isoformat(),
    }
    print(json.dumps(figures, indent=2))
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
