"""Tiny cases of every kind, and made-up results, for the tests of `nextword bench`."""

from nextword.benchmarking import (
    Case,
    CaseResult,
    Effort,
    GrowthCase,
    LayersCase,
    NgramSizes,
    OutputsCase,
    OutputSizes,
    Row,
    StepCase,
    StepSizes,
)
from nextword.benchmarking.measuring import Parity, Spread

TINY = StepSizes(num_layers=2, hidden_size=8, vocab_size=20, batch_size=2, bptt_steps=3)
TINY_NGRAMS = NgramSizes(order=3, vocab_size=60, num_train_tokens=4_000, num_test_tokens=200)
#: Whatever else the machine does.
TINY_EFFORT = Effort(pairs=2, seconds=60.0, tolerance=1e9)

STEP = StepCase(name="step-tiny", summary="a tiny step", sizes=TINY)
LAYERS = LayersCase(
    name="layers-tiny",
    summary="tiny layers",
    cell="gru",
    num_layers=1,
    hidden_size=8,
    batch_size=2,
    num_steps=3,
)
OUTPUTS = OutputsCase(
    name="outputs-tiny",
    summary="tiny outputs",
    sizes=OutputSizes(vocab_size=60, hidden_size=8, num_positions=5),
)
GROWTH = GrowthCase(
    name="growth-tiny",
    summary="tiny growth",
    sizes=TINY,
    axis="bptt_steps",
    values=(2, 4),
)


class BrokenCase(StepCase):
    """Its check fails."""

    def measure(self, effort: Effort, *, on_progress: object) -> CaseResult:
        from nextword.base import BenchmarkError

        raise BenchmarkError("the outputs are wrong.", help="Mend them.")


BROKEN: Case = BrokenCase(name="step-broken", summary="a broken step", sizes=TINY)


def spread(median: float) -> Spread:
    return Spread(low=0.9 * median, median=median, high=1.2 * median, count=5)


def made_up_result(*, case: str = "step-made-up", kind: str = "step") -> CaseResult:
    """A result of a step; of outputs, with memory, where that is asked for."""
    is_step = kind == "step"
    memory = None if is_step else 1234.5
    ours = Row(
        name="nextword",
        precision="bfloat16",
        seconds=spread(0.0889),
        tokens_per_second=7874.0 if is_step else None,
        share_of_peak=0.72 if is_step else None,
        memory_growth_mib=memory,
    )
    peer = Row(
        name="torch, allocator set",
        precision="float32",
        seconds=spread(0.26),
        ratio=spread(2.92),
        tokens_per_second=2692.0 if is_step else None,
        share_of_peak=0.48 if is_step else None,
        memory_growth_mib=memory,
    )
    return CaseResult(
        case=case,
        kind=kind,
        summary="made up",
        sizes={"hidden_size": 650},
        parity=Parity(quantity="outputs", distance=0.0041, limit=0.02),
        rows=(ours, peer),
        num_turns=6,
        num_discarded=2,
        elapsed_s=9.0,
        backends=("native", "native"),
    )


def made_up_growth(*, axis: str = "bptt_steps") -> CaseResult:
    """A growth curve of three sizes."""
    rows = [
        Row(
            name=name,
            precision="float32",
            seconds=spread(slowness * at / 1000),
            at=at,
            exponent=None if at == 10 else 1.0,
        )
        for name, slowness in (("nextword", 1.0), ("torch, allocator set", 3.0))
        for at in (10, 20, 40)
    ]
    return CaseResult(
        case=f"growth-{axis}",
        kind="growth",
        summary="made up",
        sizes={"hidden_size": 650},
        parity=Parity(quantity="outputs", distance=1e-7, limit=1e-5),
        rows=tuple(rows),
        num_turns=5,
        num_discarded=0,
        elapsed_s=9.0,
        axis=axis,
    )
