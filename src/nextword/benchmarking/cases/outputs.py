"""Time and memory of a training step of each output layer, compared with plain torch layers.

A step is a forward pass, a backward pass and a plain SGD update, on random hidden vectors and on
random target ids that follow Zipf's law. Outputs with a single weight table share it to save
memory.
"""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from nextword.base import ProgressCallback
from nextword.benchmarking.cases.contract import Case, pairs_hook, row_of
from nextword.benchmarking.measuring import (
    Effort,
    Parity,
    Samples,
    Step,
    call_in_subprocess,
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
    """Sizes of an output layer and its inputs.

    Attributes:
        vocab_size: Number of words.
        hidden_size: Width of a hidden vector.
        num_positions: Number of positions in a batch.
    """

    vocab_size: int
    hidden_size: int = 650
    num_positions: int = 700


#: Odd sizes, small enough for float64, and large enough for clusters of an adaptive softmax.
_SMALL = OutputSizes(vocab_size=411, hidden_size=63, num_positions=37)


class PlainOutput(Output):
    """nn.Linear, log-softmax and negative log-likelihood, as in the PyTorch documentation."""

    def __init__(self, sizes: OutputSizes) -> None:
        super().__init__()
        self.decoder = nn.Linear(sizes.hidden_size, sizes.vocab_size)

    def log_probs(self, hidden: Tensor) -> Tensor:
        """Return the log-probabilities of all words, (positions, vocab_size)."""
        return torch.log_softmax(self.decoder(hidden), dim=1)

    def nll(self, hidden: Tensor, target_ids: Tensor) -> Tensor:
        """Return the negative log-likelihood of each target, (positions), in nats."""
        return nn.functional.nll_loss(self.log_probs(hidden), target_ids, reduction="none")

    def num_scores_held(self, num_positions: int) -> int:
        """Return the number of scores held in memory, which is all of them."""
        return num_positions * self.decoder.out_features


def build_output(kind: str, sizes: OutputSizes, *, weight: nn.Parameter | None = None) -> Output:
    """Build an output layer in training mode.

    Args:
        kind: One of `KINDS`, or `torch` for the plain torch layers.
        sizes: Sizes of the layer.
        weight: Weight table to share, (vocab_size, hidden_size); ignored by outputs that have no
            single table.
    """
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
    """Return a function that runs a training step of an output: forward, backward and SGD update.

    Args:
        output: The output layer.
        sizes: Sizes of the layer and its inputs.
        precision: dtype of matrix products under autocast.
    """
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

    The training loss of a sampled softmax is an estimate; it is compared with the same estimate.

    Args:
        kind: One of `KINDS`.
        precision: dtype of matrix products under autocast.

    Raises:
        BenchmarkError: A difference is larger than rounding in that dtype explains.
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
    """Return the losses and all gradients, by name; every call uses the same random seed."""
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


def step_growth_mib(kind: str, sizes: OutputSizes, *, precision: str) -> float | None:
    """Return by how many MiB the first step of an output increases this process's memory.

    Args:
        kind: One of `KINDS`, or `torch`.
        sizes: Sizes of the layer and its inputs.
        precision: Name of the dtype of matrix products.

    Returns:
        The increase in MiB; None if the system does not report it.
    """
    tune_process()
    torch.manual_seed(0)
    dtype: torch.dtype = getattr(torch, precision)
    output = build_output(kind, sizes)
    step = output_step(output, sizes, precision=dtype)
    # A first small step allocates the memory that every output needs.
    other = replace(sizes, vocab_size=50)
    output_step(build_output("full", other), other, precision=dtype)()
    return memory_growth_mib(step)


@dataclass(frozen=True, kw_only=True)
class OutputsCase(Case):
    """All output layers compared with each other.

    Attributes:
        sizes: Sizes of the layers and their inputs.
    """

    sizes: OutputSizes

    def measure(self, effort: Effort, *, on_progress: ProgressCallback) -> CaseResult:
        """Check small outputs, time the outputs in turns, and measure their memory."""
        started = time.perf_counter()
        on_progress("checking", 0, total=1)
        tune_process()
        worst = max(
            (output_parity(kind, precision=self.dtype) for kind in KINDS),
            key=lambda parity: parity.distance,
        )
        contenders = self._contenders()
        samples = sample_in_turns(contenders, effort, on_pairs=pairs_hook(on_progress))
        rows = []
        for number, kind in enumerate(contenders):
            on_progress("memory", number, total=len(contenders))
            rows.append(self._row(samples, kind))
        return self.result(
            samples,
            kind="outputs",
            sizes=asdict(self.sizes),
            parity=worst,
            rows=tuple(rows),
            started=started,
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
        """Return a row with the increase in memory, measured in a new process."""
        precision = torch.float32 if kind == PEER else self.dtype
        row = row_of(samples, kind, base=KINDS[0], precision=precision)
        step_growth = partial(step_growth_mib, precision=dtype_name(precision))
        growth = call_in_subprocess(step_growth, kind, self.sizes)
        return replace(row, memory_growth_mib=growth)
