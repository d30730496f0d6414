"""C11: carrying the state from chunk to chunk is worth it."""

import statistics

import torch

from nextword.families import RecurrentConfig
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.material import source_code
from nextword.lab.tools import build_model, character_ids, draw_bars, fit, mean_nll
from nextword.lab.workbench import Workbench

_CHUNK, _UPDATES, _SEEDS = 20, 300, 3
_CHARACTERS, _HELD_OUT = 200_000, 40_000
_GAP = 0.01


def measure(bench: Workbench) -> Finding:
    """Train LSTMs with and without a carried state, and score held-out text in the same way."""
    ids = character_ids(source_code(num_characters=_CHARACTERS + _HELD_OUT))
    train, held_out = ids[:_CHARACTERS], ids[_CHARACTERS : _CHARACTERS + _HELD_OUT]
    losses: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(_SEEDS):
        for carries, found in losses.items():
            torch.manual_seed(bench.seed + seed)
            config = RecurrentConfig(hidden_size=64, embedding_size=24, tied=False)
            model = build_model(config, vocab_size=128, dtype=torch.float32)
            fit(
                model,
                train,
                num_steps=_UPDATES,
                bptt_steps=_CHUNK,
                batch_size=16,
                learning_rate=1e-2,
                carries=carries,
            )
            found.append(mean_nll(model, held_out, chunk_steps=_CHUNK, carries=carries))
    gaps = [reset - carried for carried, reset in zip(losses[True], losses[False], strict=True)]
    gap, spread = statistics.mean(gaps), statistics.stdev(gaps)
    picture = draw_bars(
        {
            "carried": statistics.mean(losses[True]),
            "reset at every chunk": statistics.mean(losses[False]),
        },
        bench.pictures / "c11.png",
        title=f"Loss on held-out source code, chunks of {_CHUNK}, mean of {_SEEDS} seeds",
        label="nats per character",
    )
    better = gap >= _GAP and gap > 2 * spread
    return Finding(
        verdict=Verdict.HOLDS if better else Verdict.FAILS,
        reason=f"With chunks of {_CHUNK} characters, carrying the state lowers the held-out loss "
        f"by {gap:.3f} nats (standard deviation {spread:.3f} over {_SEEDS} seeds): the network "
        "uses what it read before the chunk, though no gradient flows there.",
        figures={
            "nll_carried": losses[True],
            "nll_reset": losses[False],
            "gap": gap,
            "standard_deviation": spread,
        },
        checks=(
            Check(
                text="carrying beats resetting by >= 0.01 nats and 2 standard deviations",
                passed=better,
            ),
        ),
        pictures=(picture,),
    )


CLAIM = Claim(
    id="C11",
    name="carried-state",
    statement="The hidden state is to be carried forward for ever, although gradients flow back "
    "through a few steps only.",
    sources=(Source(lecture="lecture-002", place="Truncated back-propagation"),),
    method="LSTMs of 64 units learn source code in chunks of 20 characters, with the state carried "
    "from chunk to chunk or reset; held-out code is scored in the same way. Three seeds.",
    expected="Carrying the state beats resetting it by at least 0.01 nats.",
    measure=measure,
)
