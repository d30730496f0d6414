"""Generation of text with packed weights, compared with PyTorch and onnxruntime."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch

from nextword.base import BenchmarkError, ProgressCallback
from nextword.benchmarking.cases.contract import Case, pairs_hook
from nextword.benchmarking.generation import (
    GeneratePeer,
    GenerateSizes,
    has_onnxruntime,
    onnx_step,
    our_log_probs,
    our_model,
    our_step,
    peer_step,
)
from nextword.benchmarking.measuring import (
    Bandwidth,
    Effort,
    Parity,
    Samples,
    Step,
    check_parity,
    sample_in_turns,
    timed,
)
from nextword.benchmarking.results import CaseResult, Row
from nextword.benchmarking.step import at_default_precision
from nextword.packed import PackedLanguageModel, pack_model
from nextword.tensors import tune_process

OURS = "nextword"
PEER = "torch"
ONNX = "onnxruntime"
#: The first one is that which the others are compared with.
PRECISIONS = ("bfloat16", "int8", "float32")
#: Odd sizes, which are not multiples of any vector length.
_SMALL = GenerateSizes(hidden_size=63, vocab_size=411, num_streams=3)
_NUM_CHECKED = 7
#: Largest relative distance of log-probabilities with int8, whose weights are rounded.
INT8_LIMIT = 5e-2


@dataclass(frozen=True, kw_only=True)
class GenerateCase(Case):
    """One text, or several together, generated token by token.

    Attributes:
        sizes: Sizes of the network and of a sample.
    """

    sizes: GenerateSizes

    def measure(self, effort: Effort, *, on_progress: ProgressCallback) -> CaseResult:
        """Check a small network, then time all programs in turns."""
        started = time.perf_counter()
        on_progress("checking", 0, total=1)
        tune_process()
        torch.manual_seed(0)
        parity = generate_parity()
        peer = GeneratePeer(self.sizes).eval()
        model = our_model(peer, self.sizes)
        packed = {name: pack_model(model, precision=name) for name in PRECISIONS}
        bandwidths = {
            f"{OURS}, {name}": Bandwidth(each.network.num_bytes) for name, each in packed.items()
        }
        contenders = self._contenders(peer, packed)
        hooks = [bandwidth.measure for bandwidth in bandwidths.values()]
        samples = sample_in_turns(contenders, effort, on_pairs=pairs_hook(on_progress, *hooks))
        return self.result(
            samples,
            kind="generate",
            sizes=asdict(self.sizes),
            parity=parity,
            rows=tuple(self._row(samples, name, bandwidths.get(name)) for name in contenders),
            started=started,
        )

    def _contenders(
        self, peer: GeneratePeer, packed: dict[str, PackedLanguageModel]
    ) -> dict[str, Step]:
        steps: dict[str, Callable[[], object]] = {
            f"{OURS}, {name}": our_step(each, self.sizes) for name, each in packed.items()
        }
        if has_onnxruntime():
            steps[ONNX] = onnx_step(peer, self.sizes)
        contenders = {name: timed(step) for name, step in steps.items()}
        return contenders | {PEER: timed(at_default_precision(peer_step(peer, self.sizes)))}

    def _row(self, samples: Samples, name: str, bandwidth: Bandwidth | None) -> Row:
        first = f"{OURS}, {PRECISIONS[0]}"
        seconds = samples.spread(name)
        num_tokens = self.sizes.num_tokens * self.sizes.num_streams
        return Row(
            name=name,
            precision=name.rpartition(" ")[2] if name.startswith(OURS) else "float32",
            seconds=seconds,
            ratio=None if name == first else samples.ratio(name, first),
            tokens_per_second=num_tokens / seconds.median,
            share_of_bandwidth=None
            if bandwidth is None
            else self.sizes.num_tokens * bandwidth.num_bytes / seconds.median / bandwidth.rate,
        )


def generate_parity() -> Parity:
    """Compare log-probabilities of a small network with those of the peer in float64.

    Raises:
        BenchmarkError: A difference is larger than rounding in that precision explains.
    """
    peer = GeneratePeer(_SMALL).eval()
    model = our_model(peer, _SMALL)
    token_ids = torch.randint(_SMALL.vocab_size, (_NUM_CHECKED, _SMALL.num_streams))
    first = torch.ones_like(token_ids[:1])
    exact = peer.double()
    with torch.no_grad():
        state = exact.initial_state(_SMALL.num_streams)
        flat, _ = exact(torch.cat([first, token_ids]), state)
    expected = flat.view(_NUM_CHECKED + 1, _SMALL.num_streams, -1)[1:]
    worst = []
    for name in PRECISIONS:
        actual = our_log_probs(pack_model(model, precision=name), token_ids)
        if name == "int8":
            _check_int8(actual, expected)
            continue
        named = {"the log-probabilities": actual}, {"the log-probabilities": expected}
        worst.append(check_parity(*named, precision=getattr(torch, name)))
    return max(worst, key=lambda parity: parity.distance)


def _check_int8(actual: torch.Tensor, expected: torch.Tensor) -> None:
    distance = float((actual - expected).norm() / expected.norm())
    if not distance <= INT8_LIMIT:
        raise BenchmarkError(
            f"log-probabilities in int8 have the relative distance {distance:.1e} from the float64 "
            f"reference; the limit is {INT8_LIMIT:.0e}.",
            help="The kernels give wrong results here. Run the tests in kernels/tests.",
        )
