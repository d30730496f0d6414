"""C21: a recurrent network is sequential, a window model is not."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from nextword.cells import CELLS, AnyCell
from nextword.families import RecurrentConfig, WindowConfig
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.tools import build_model, cpu_seconds, draw_curves, use_reference
from nextword.lab.workbench import Workbench
from nextword.recurrent import RecurrentStack

_VOCAB, _HIDDEN = 50, 32
_LENGTHS = (128, 256, 512, 1024)
_LOW, _HIGH = 8 * 0.8, 8 * 1.2
_FASTER, _LIMIT = 5.0, 1e-10
_TURNS = 30


@torch.no_grad()
def measure(bench: Workbench) -> Finding:
    """Time a recurrent loop over lengths, a window model in two ways, and two scans."""
    config = RecurrentConfig(cell="elman", hidden_size=_HIDDEN, tied=False)
    model = build_model(config, vocab_size=_VOCAB)
    use_reference(model)
    ids = torch.randint(_VOCAB, (1, max(_LENGTHS)))
    state = model.initial_state(1)
    seconds = _shortest_seconds([partial(model.hidden, ids[:, :n], state) for n in _LENGTHS])
    growth = seconds[-1] / seconds[0]
    whole, stepped = _window_seconds(ids)
    error = scan_error()
    loop, scan = _scan_seconds()
    picture = draw_curves(
        {"Elman, step by step": (_LENGTHS, [1000 * each for each in seconds])},
        bench.pictures / "c21.png",
        title="CPU time of reading a text",
        labels=("tokens", "milliseconds"),
    )
    is_linear, is_parallel = _LOW <= growth <= _HIGH, stepped / whole >= _FASTER
    equal = error <= _LIMIT
    return Finding(
        verdict=Verdict.HOLDS if is_linear and is_parallel else Verdict.PARTLY,
        reason="Reading takes time in proportion to the length, because each state needs the one "
        "before; a window model computes all positions at once, at least 5 times faster than one "
        "by one. Cells whose gates read the input only escape: a scan gives their states in "
        f"parallel, equal to {error:.0e}; its speed is among the timings.",
        figures={"length": list(_LENGTHS), "scan_error": error},
        timings={
            "recurrent_cpu_seconds": seconds,
            "growth_128_to_1024": growth,
            "window_at_once_cpu_seconds": whole,
            "window_stepped_cpu_seconds": stepped,
            "loop_cpu_seconds": loop,
            "scan_cpu_seconds": scan,
        },
        checks=(
            Check(text="time 8 x ± 20% from 128 to 1,024 steps", passed=is_linear),
            Check(text="window in a batch >= 5 x faster than stepped", passed=is_parallel),
            Check(text="scan equal to the loop to 1e-10", passed=equal),
        ),
        pictures=(picture,),
    )


def _shortest_seconds(runs: Sequence[Callable[[], object]]) -> list[float]:
    """Return the shortest CPU time of each call; the calls take turns."""
    times = [[cpu_seconds(run, repeats=1) for run in runs] for _ in range(_TURNS)]
    return [min(each) for each in zip(*times, strict=True)]


def _window_seconds(ids: Tensor) -> tuple[float, float]:
    """Return the time of a window model for a text at once, and token by token."""
    config = WindowConfig(window=4, hidden_size=_HIDDEN, tied=False)
    model = build_model(config, vocab_size=_VOCAB)

    def step_by_step() -> None:
        state = model.initial_state(1)
        for token_ids in torch.split(ids, 1, dim=1):
            _, state = model.hidden(token_ids, state)

    whole = cpu_seconds(partial(model.hidden, ids, model.initial_state(1)))
    return whole, cpu_seconds(step_by_step, repeats=2)


def _diagonal_cell(name: str) -> AnyCell:
    return CELLS[name](_HIDDEN, RecurrentConfig(cell=name, hidden_size=_HIDDEN)).double()


def scan_error() -> float:
    """Return the largest difference between a scan and the step-by-step loop."""
    errors = []
    for name in ("min_gru", "min_lstm"):
        cell = _diagonal_cell(name)
        inputs = torch.randn(2, 200, _HIDDEN, dtype=torch.float64)
        scanned, looped = (
            RecurrentStack([cell], backend=backend)(inputs, (cell.initial_state(2),))[0]
            for backend in ("scan", "reference")
        )
        errors.append((scanned - looped).abs().max().item())
    return float(max(errors))


def _scan_seconds() -> tuple[float, float]:
    cell = _diagonal_cell("min_gru")
    inputs = torch.randn(1, max(_LENGTHS), _HIDDEN, dtype=torch.float64)
    looped, scanned = (
        cpu_seconds(partial(RecurrentStack([cell], backend=name), inputs, (cell.initial_state(1),)))
        for name in ("reference", "scan")
    )
    return looped, scanned


CLAIM = Claim(
    id="C21",
    name="sequential",
    statement="A recurrent network must compute one hidden state after the other, so it cannot "
    "read the positions of a text in parallel.",
    sources=(Source(lecture="lecture-000", place="RNN language model: disadvantages"),),
    method="CPU time of an Elman network over 128 to 1,024 steps, the shortest of 30 turns; of a "
    "window model for a text at once and token by token; and of the cells min_gru and min_lstm by "
    "a loop and by a scan. With 5 calls of each length one after the other the time grew by 10.3 "
    "in one run, beside twelve other programs.",
    expected="Time grows 8 times ± 20% from 128 to 1,024 steps; the window model is at least 5 "
    "times faster at once; the scan equals the loop to 1e-10.",
    measure=measure,
)
