"""A training step of each output layer, in time and in memory, beside torch's plain layers.

A step is forward, backward and plain SGD on made-up hidden vectors and made-up ids that follow
Zipf's law. Those of our outputs that have one table share it, so that all fit side by side.
"""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor, nn

from nextword.benchmarking.cases.contract import Case, Notify, on_pairs, row_of
from nextword.benchmarking.measuring import (
    Effort,
    Parity,
    Samples,
    Step,
    call_alone,
    check_parity,
    memory_growth_mib,
    sample_in_turns,
    timed,
)
from nextword.benchmarking.results import CaseResult, Row
from nextword.benchmarking.step import at_default_precision, zipf_ids
from nextword.layers import Output, OutputConfig, SampledSoftmax
from nextword.optim import (
    OptimizerConfig,
    build_optimizer,
    gradient_entries,
    is_plain_descent,
)
from nextword.tensors import autocast, dtype_name, tune_process

KINDS = ("full", "chunked", "adaptive", "sampled")
PEER = "torch"
_NUM_SAMPLES = 1024
_SGD = OptimizerConfig(kind="sgd", learning_rate=1e-3)
_FIRST_WEIGHTS = 0.05


@dataclass(frozen=True, kw_only=True)
class OutputSizes:
    """What an output layer is given.

    Attributes:
        vocab_size: Words.
        hidden_size: Width of a hidden vector.
        num_positions: Positions scored at once.
    """

    vocab_size: int
    hidden_size: int = 650
    num_positions: int = 700


#: Odd, and small enough for float64; large enough for an adaptive softmax to have clusters.
_SMALL = OutputSizes(vocab_size=411, hidden_size=63, num_positions=37)


class PlainOutput(Output):
    """nn.Linear, log-softmax and negative log-likelihood, as a person writes them with torch."""

    def __init__(self, sizes: OutputSizes) -> None:
        super().__init__()
        self.decoder = nn.Linear(sizes.hidden_size, sizes.vocab_size)

    def log_probs(self, hidden: Tensor) -> Tensor:
        """Return the log-probability of every word."""
        return torch.log_softmax(self.decoder(hidden), dim=1)

    def nll(self, hidden: Tensor, target_ids: Tensor) -> Tensor:
        """Return the negative log-likelihood of each target."""
        return nn.functional.nll_loss(self.log_probs(hidden), target_ids, reduction="none")

    def num_scores_held(self, num_positions: int) -> int:
        """All of them."""
        return num_positions * self.decoder.out_features


def build_output(kind: str, sizes: OutputSizes, *, weight: nn.Parameter | None = None) -> Output:
    """Build an output by its name; those of ours with one table take `weight` for it."""
    size, vocab_size = sizes.hidden_size, sizes.vocab_size
    if kind == PEER:
        return PlainOutput(sizes).train()
    config = OutputConfig(kind=kind, num_samples=min(_NUM_SAMPLES, vocab_size))
    build = config.factory(vocab_size=vocab_size)
    output: Output = build(size, vocab_size, tied_weight=None if kind == "adaptive" else weight)
    output.sparse_gradients = True
    return output.train()


def output_step(
    output: Output, sizes: OutputSizes, *, precision: torch.dtype
) -> Callable[[], None]:
    """Return a training step of an output: forward, backward, and SGD on its weights."""
    hidden = torch.randn(sizes.num_positions, sizes.hidden_size, requires_grad=True)
    target_ids = zipf_ids(sizes.vocab_size, sizes.num_positions)
    optimizer = build_optimizer(output, _SGD)

    def step() -> None:
        hidden.grad = None
        with autocast(precision, hidden.device):
            nll = output.nll(hidden, target_ids).mean()
        nll.backward()  # type: ignore[no-untyped-call]
        gradient_entries(output.parameters(), keep_sparse=is_plain_descent(_SGD))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def output_parity(kind: str, *, precision: torch.dtype) -> Parity:
    """Compare losses and gradients of a small output with those of its distribution in float64.

    The sampled softmax, whose loss in training is an estimate, is compared with the same estimate.

    Raises:
        BenchmarkError: They differ by more than the dtype explains.
    """
    torch.manual_seed(0)
    weight = nn.Parameter(_FIRST_WEIGHTS * torch.randn(_SMALL.vocab_size, _SMALL.hidden_size))
    output = build_output(kind, _SMALL, weight=weight)
    hidden = torch.randn(_SMALL.num_positions, _SMALL.hidden_size)
    target_ids = zipf_ids(_SMALL.vocab_size, _SMALL.num_positions)
    exact = deepcopy(output).double()
    with autocast(precision, hidden.device):
        actual = _quantities(output, output.nll, hidden, target_ids)
    is_estimate = isinstance(exact, SampledSoftmax)
    nll = exact.nll if is_estimate else _nll_by_distribution(exact)
    expected = _quantities(exact, nll, hidden.double(), target_ids)
    return check_parity(actual, expected, precision=precision)


def _nll_by_distribution(output: Output) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda hidden, target_ids: -output.log_probs(hidden).gather(1, target_ids[:, None])[:, 0]


def _quantities(
    output: Output,
    score: Callable[[Tensor, Tensor], Tensor],
    hidden: Tensor,
    target_ids: Tensor,
) -> dict[str, Tensor]:
    """Return losses and every gradient; draws are the same each time."""
    torch.manual_seed(1)
    hidden = hidden.clone().requires_grad_()
    nll = score(hidden, target_ids)
    parameters = dict(output.named_parameters())
    leaves = [hidden, *parameters.values()]
    gradients = torch.autograd.grad(nll.double().mean(), leaves, materialize_grads=True)
    named = zip(["the hidden vectors", *parameters], gradients, strict=True)
    return {
        "losses": nll.detach(),
        **{f"gradient of {name}": gradient.to_dense() for name, gradient in named},
    }


def step_growth_mib(kind: str, sizes: OutputSizes, precision: str) -> float | None:
    """Return by how many MiB this process grows in the first step of an output."""
    tune_process()
    torch.manual_seed(0)
    dtype: torch.dtype = getattr(torch, precision)
    output = build_output(kind, sizes)
    step = output_step(output, sizes, precision=dtype)
    # What the first step of all takes is not this output's.
    other = replace(sizes, vocab_size=50)
    output_step(build_output("full", other), other, precision=dtype)()
    return memory_growth_mib(step)


@dataclass(frozen=True, kw_only=True)
class OutputsCase(Case):
    """Every output layer beside each other.

    Attributes:
        sizes: What they are given.
    """

    sizes: OutputSizes

    def measure(self, effort: Effort, *, notify: Notify) -> CaseResult:
        """Check small outputs, time these in turns, and measure what each one's memory grows by."""
        started = time.perf_counter()
        notify("checking", 0, 1)
        tune_process()
        worst = max(
            (output_parity(kind, precision=self.dtype) for kind in KINDS),
            key=lambda parity: parity.distance,
        )
        contenders = self._contenders()
        samples = sample_in_turns(contenders, effort, on_pairs=on_pairs(notify))
        rows = []
        for number, kind in enumerate(contenders):
            notify("memory", number, len(contenders))
            rows.append(self._row(samples, kind))
        return CaseResult(
            case=self.name,
            kind="outputs",
            summary=self.summary,
            sizes=asdict(self.sizes),
            parity=worst,
            rows=tuple(rows),
            num_turns=len(samples.turns),
            num_discarded=samples.num_discarded(),
            elapsed_s=time.perf_counter() - started,
        )

    def _contenders(self) -> dict[str, Step]:
        torch.manual_seed(0)
        size = (self.sizes.vocab_size, self.sizes.hidden_size)
        weight = nn.Parameter(_FIRST_WEIGHTS * torch.randn(size))
        contenders: dict[str, Step] = {}
        for kind in KINDS:
            output = build_output(kind, self.sizes, weight=weight)
            contenders[kind] = timed(output_step(output, self.sizes, precision=self.dtype))
        plain = output_step(build_output(PEER, self.sizes), self.sizes, precision=torch.float32)
        return contenders | {PEER: timed(at_default_precision(plain))}

    def _row(self, samples: Samples, kind: str) -> Row:
        """Return a row with the growth of memory, which only a fresh process can tell."""
        precision = torch.float32 if kind == PEER else self.dtype
        row = row_of(samples, kind, base=KINDS[0], precision=precision)
        growth = call_alone(step_growth_mib, kind, self.sizes, dtype_name(precision))
        return replace(row, memory_growth_mib=growth)
