"""C12: a simple recurrent network remembers about 10 steps, an LSTM about 100."""

import statistics

import torch

from nextword.cells import LSTM_GATES, AnyCell, ElmanCell, LstmCell
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.material import NUM_SYMBOLS, RecallNetwork, recall_accuracy, train_recall
from nextword.lab.tools import draw_curves
from nextword.lab.workbench import Workbench

_ELMAN, _LSTM = 39, 18
_UPDATES, _SEEDS = 3_000, 3
_LEARNING_RATES = {"Elman": 3e-3, "LSTM": 1e-2}
_LAGS = {"Elman": (3, 5, 7, 10, 15, 20, 30), "LSTM": (20, 60, 100)}
_CURRICULUM_LAG, _LONG = 60, 100
_RECALL = 0.9


def measure(bench: Workbench) -> Finding:
    """Train networks at one lag each, and one Elman network with a curriculum."""
    counts = {
        name: RecallNetwork(_cell(name, lag=lags[0])).num_parameters for name, lags in _LAGS.items()
    }
    recalls: dict[str, list[float]] = {}
    by_seed: dict[str, list[list[float]]] = {}
    for name, lags in _LAGS.items():
        recalls[name], by_seed[name] = [], []
        for lag in lags:
            bench.on_progress(f"recall by the {name} network, lag", lag, total=lags[-1])
            found = [
                _recall_after_training(name, lag, seed=bench.seed + each) for each in range(_SEEDS)
            ]
            by_seed[name].append(found)
            recalls[name].append(statistics.median(found))
    horizons = {name: horizon(_LAGS[name], recalls[name]) for name in _LAGS}
    latched = _with_curriculum(bench)
    ratio = horizons["LSTM"] / max(horizons["Elman"], 1)
    picture = draw_curves(
        {name: (_LAGS[name], recalls[name]) for name in _LAGS},
        bench.pictures / "c12.png",
        title="Recall of the first symbol, median of 3 networks for each lag",
        labels=("lag", "accuracy"),
        log_x=True,
        guides={"90%": _RECALL, "chance": 1 / NUM_SYMBOLS},
    )
    equal = abs(counts["Elman"] / counts["LSTM"] - 1) <= 0.05
    elman, lstm = 5 <= horizons["Elman"] <= 20, horizons["LSTM"] >= 60
    as_said = elman and lstm and ratio >= 5
    return Finding(
        verdict=Verdict.PARTLY
        if as_said and latched >= _RECALL
        else Verdict.HOLDS
        if as_said
        else Verdict.FAILS,
        reason=f"Trained at one lag, the Elman network learns to recall up to {horizons['Elman']} "
        f"steps and the LSTM up to {horizons['LSTM']} or more. It is a limit of learning, not of "
        f"the network: after a curriculum of growing lags an equal Elman network recalls "
        f"{latched:.0%} at lag {_LONG}, because saturated units hold the first symbol.",
        figures={
            "num_parameters": counts,
            "lags": {name: list(lags) for name, lags in _LAGS.items()},
            "recall": recalls,
            "recall_by_seed": by_seed,
            "horizon": horizons,
            "ratio": ratio,
            "elman_after_curriculum_at_lag_100": latched,
        },
        checks=(
            Check(text="equal parameters (± 5%)", passed=equal),
            Check(text="horizon of the Elman network 5 to 20", passed=elman),
            Check(text="horizon of the LSTM >= 60", passed=lstm),
            Check(text="ratio >= 5", passed=ratio >= 5),
        ),
        pictures=(picture,),
    )


def _cell(name: str, *, lag: int) -> AnyCell:
    if name == "Elman":
        return ElmanCell(NUM_SYMBOLS, _ELMAN)
    return chrono_lstm(_LSTM, lag=lag)


def chrono_lstm(hidden_size: int, *, lag: int) -> LstmCell:
    """Return an LSTM cell whose units begin with memories of 1 to `lag` steps.

    The bias of the forget gate is log u, with u uniform between 1 and `lag`, and that of the input
    gate is -log u: a unit forgets 1 / (1 + u) of its cell state in a step, and adds as little.

    Args:
        hidden_size: Number of units.
        lag: The longest memory, in steps.

    Source: [tallec2018], chrono initialization.
    """
    cell = LstmCell(NUM_SYMBOLS, hidden_size, forget_bias=0.0)
    bias = torch.log(1 + torch.rand(hidden_size) * (lag - 1))
    with torch.no_grad():
        gates = cell.bias.view(len(LSTM_GATES), hidden_size)
        gates[LSTM_GATES.index("forget_gate")] += bias
        gates[LSTM_GATES.index("input_gate")] -= bias
    return cell


def horizon(lags: tuple[int, ...], recalls: list[float]) -> int:
    """Return the largest lag with a recall of at least 90%; 0 if there is none.

    Example:
        >>> horizon((5, 10, 20), [1.0, 0.93, 0.2])
        10
    """
    return max(
        (lag for lag, recall in zip(lags, recalls, strict=True) if recall >= _RECALL), default=0
    )


def _recall_after_training(name: str, lag: int, *, seed: int) -> float:
    """Return the recall at a lag of a new network that was trained at this lag."""
    torch.manual_seed(seed)
    network = RecallNetwork(_cell(name, lag=lag))
    train_recall(network, num_updates=_UPDATES, learning_rate=_LEARNING_RATES[name], max_lag=lag)
    return recall_accuracy(network, lag)


def _with_curriculum(bench: Workbench) -> float:
    """Return the recall at lag 100 of an Elman network that was trained with growing lags."""
    torch.manual_seed(bench.seed)
    network = RecallNetwork(_cell("Elman", lag=_LONG))
    bench.on_progress("recall after a curriculum, networks", 0, total=1)
    train_recall(
        network,
        num_updates=_UPDATES,
        learning_rate=1e-3,
        max_lag=_CURRICULUM_LAG,
        is_curriculum=True,
    )
    return recall_accuracy(network, _LONG)


CLAIM = Claim(
    id="C12",
    name="memory-horizon",
    statement="Simple recurrent networks remember about 10 steps, LSTMs about 100; a word 40 steps "
    "back, as in the sentence about Raj and his partner, is out of reach of the former.",
    sources=(
        Source(lecture="lecture-004", place="LSTM resolves the vanishing gradient issue"),
        Source(lecture="lecture-003", place="Exploding/vanishing gradient, the 47-word example"),
    ),
    method="Networks with equal parameters name the first of a sequence of random symbols. A new "
    "network is trained for each lag, up to 3,000 updates or a recall of 98%, with 3 seeds; the "
    "horizon is the largest lag with a median recall of 90%. The units of an LSTM begin with "
    "memories of 1 step to the lag (chrono initialization); the matrix of an Elman network has no "
    "bias that could do this. One more Elman network is trained with a curriculum of growing "
    "lags; then no horizon of it is seen. The design was changed four times after results: with a "
    "forget bias of 1 the LSTM recalled 95% at lag 10 and 11% at lag 20. With a forget bias of 5 "
    "and one seed the horizons were 10 and 80, but 15 and 60 after another rounding of float32 "
    "products, so there are 3 seeds; with them they were 15 and 60. Where training ended at a "
    "recall of 95% or after 1,500 updates, the recall of the LSTM at lag 100 was between 81% and "
    "98% and depended on the rounding too. Learning rates were chosen with the first seed.",
    expected="A horizon of 5 to 20 steps for the Elman network and of at least 60 for the LSTM, a "
    "ratio of at least 5, at equal parameters (± 5%).",
    measure=measure,
)
