"""C19: stacked layers are better than one (beyond the lectures: that they help)."""

import statistics

import torch

from nextword.families import RecurrentConfig
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.material import source_code
from nextword.lab.tools import build_model, character_ids, draw_bars, fit, mean_nll
from nextword.lab.workbench import Workbench

_SEEDS, _UPDATES, _CHUNK = 3, 300, 50
_CHARACTERS, _HELD_OUT = 300_000, 30_000
#: Hidden sizes with nearly equal numbers of parameters.
_SIZES = {1: 128, 2: 80}
_GAIN = 0.01


def measure(bench: Workbench) -> Finding:
    """Train LSTMs of one and of two layers with equal parameters on equal tokens."""
    ids = character_ids(source_code(num_characters=_CHARACTERS + _HELD_OUT))
    train, held_out = ids[:_CHARACTERS], ids[_CHARACTERS : _CHARACTERS + _HELD_OUT]
    losses: dict[int, list[float]] = {num_layers: [] for num_layers in _SIZES}
    parameters = {}
    for seed in range(_SEEDS):
        for num_layers, hidden_size in _SIZES.items():
            bench.on_progress(
                "stacking, trainings", sum(map(len, losses.values())), total=2 * _SEEDS
            )
            torch.manual_seed(bench.seed + seed)
            config = RecurrentConfig(
                num_layers=num_layers, hidden_size=hidden_size, embedding_size=32, tied=False
            )
            model = build_model(config, vocab_size=128, dtype=torch.float32)
            parameters[num_layers] = model.num_parameters
            fit(model, train, num_steps=_UPDATES, bptt_steps=_CHUNK, learning_rate=1e-2)
            losses[num_layers].append(mean_nll(model, held_out, chunk_steps=_CHUNK))
    gaps = [one - two for one, two in zip(losses[1], losses[2], strict=True)]
    gain = 1 - torch.tensor(-statistics.mean(gaps)).exp().item()
    is_clear = abs(statistics.mean(gaps)) > 2 * statistics.stdev(gaps)
    equal = abs(parameters[2] / parameters[1] - 1) <= 0.05
    picture = draw_bars(
        {f"{number} layer(s)": statistics.mean(found) for number, found in losses.items()},
        bench.pictures / "c19.png",
        title=f"Loss on held-out source code, mean of {_SEEDS} seeds",
        label="nats per character",
    )
    helps = gain >= _GAIN and is_clear
    return Finding(
        verdict=Verdict.HOLDS if helps else Verdict.FAILS,
        reason=f"With equal parameters and tokens, two layers have a perplexity that is "
        f"{abs(gain):.1%} {'lower' if gain > 0 else 'higher'} than that of one layer"
        + (
            "."
            if helps
            else ": at this size (about 0.1 million parameters, 240,000 tokens) "
            "stacking does not help."
        ),
        figures={
            "num_parameters": {str(number): count for number, count in parameters.items()},
            "nll": {str(number): found for number, found in losses.items()},
            "perplexity_gain": gain,
            "is_beyond_2_standard_deviations": is_clear,
        },
        checks=(
            Check(text="equal parameters (± 5%)", passed=equal),
            Check(
                text="reported: >= 1% lower perplexity, or the verdict is that it does not hold",
                passed=True,
            ),
        ),
        pictures=(picture,),
    )


CLAIM = Claim(
    id="C19",
    name="stacking",
    statement="Recurrent layers can be stacked, so that one layer's hidden states are the inputs "
    "of the next; stacked networks do better.",
    sources=(Source(lecture="lecture-004", place="Stacked (multi-layer) RNNs"),),
    method="LSTMs of one layer of 128 units and of two layers of 80 learn source code, 300 "
    "updates, three seeds; held-out code is scored.",
    expected="Two layers have a perplexity at least 1% lower, or the claim does not hold at this "
    "size.",
    measure=measure,
)
