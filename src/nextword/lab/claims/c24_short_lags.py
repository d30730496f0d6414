"""C24: when long-lag gradients vanish, parameters still learn from the short lags."""

import itertools

import torch
from torch import Tensor

from nextword.families import RecurrentConfig
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.material import source_code
from nextword.lab.tools import Stream, build_model, character_ids, draw_curves, fit
from nextword.lab.workbench import Workbench
from nextword.models import NeuralLanguageModel, model_trace

_VOCAB, _LENGTH, _POSITIONS = 128, 60, 8
_LONG, _LIMIT = 20, 1e-6
_STEPS = 250
_MEASURED = (0, 50, 250)


def measure(bench: Workbench) -> Finding:
    """Train a sigmoid network and follow its loss and the share of long lags in its gradient."""
    ids = character_ids(source_code(num_characters=100_000)[:100_000])
    model = build_model(
        RecurrentConfig(
            cell="elman", nonlinearity="sigmoid", hidden_size=48, embedding_size=24, tied=False
        ),
        vocab_size=_VOCAB,
    )
    losses: list[float] = []
    shares = {0: lag_shares(model, ids)}
    for before, after in itertools.pairwise(_MEASURED):
        losses += fit(
            model,
            ids[before * 400 :],
            num_steps=after - before,
            bptt_steps=40,
            batch_size=8,
            learning_rate=1e-2,
        )
        shares[after] = lag_shares(model, ids)
    long_shares = {step: sum(values[_LONG + 1 :]) for step, values in shares.items()}
    first, last = sum(losses[:10]) / 10, sum(losses[-10:]) / 10
    picture = draw_curves(
        {f"after {step} updates": (range(_LENGTH), values) for step, values in shares.items()},
        bench.pictures / "c24.png",
        title="Share of each lag in the gradient of the loss, sigmoid network",
        labels=("lag k", "share of ‖dL[t]/dh[t-k]‖"),
        log_y=True,
    )
    falls, vanishes = last < first - 0.3, max(long_shares.values()) < _LIMIT
    return Finding(
        verdict=Verdict.PARTLY if falls and vanishes else Verdict.FAILS,
        reason=f"The loss falls from {first:.2f} to {last:.2f} nats while lags above {_LONG} have "
        f"less than {max(long_shares.values()):.0e} of the gradient. So parameters learn from "
        "short lags, as lecture-004 says; that training stops, as the others say, does not hold.",
        figures={
            "loss_first_10": first,
            "loss_last_10": last,
            "share_of_lags_above_20": {str(step): each for step, each in long_shares.items()},
            "share_of_lags_0_to_4": {str(step): sum(each[:5]) for step, each in shares.items()},
        },
        checks=(
            Check(text="the loss still falls", passed=falls),
            Check(text="lags above 20 contribute less than 1e-6", passed=vanishes),
        ),
        pictures=(picture,),
    )


def lag_shares(model: NeuralLanguageModel, ids: Stream) -> list[float]:
    """Return the share of each lag in the gradient of a loss with respect to the states.

    Args:
        model: A recurrent model of one layer.
        ids: The text.

    Returns:
        ‖dL[t]/dh[t-k]‖ for k = 0, 1, ..., averaged over positions and divided by the sum.
    """
    lanes = ids[: _POSITIONS * (_LENGTH + 1)].view(_POSITIONS, _LENGTH + 1)
    trace = model_trace(model, lanes[:, :-1])
    last = trace.log_probs[:, -1].gather(1, lanes[:, -1:]).sum()
    states = [step.states["hidden_state"] for step in trace.layers[0].steps]
    gradients = torch.autograd.grad(-last, states)
    norms: Tensor = torch.stack([each.norm(dim=1).mean() for each in reversed(gradients)])
    shares: list[float] = (norms / norms.sum()).tolist()
    return shares


CLAIM = Claim(
    id="C24",
    name="short-lags",
    statement="When the gradient of distant steps vanishes, training stops; or: parameters are "
    "still updated, by the gradients of recent steps that have not vanished.",
    sources=(
        Source(lecture="lecture-004", place="Vanishing gradients are an issue because..."),
        Source(lecture="lecture-001", place="Vanishing gradients"),
        Source(lecture="lecture-003", place="Introduction to exploding and vanishing gradients"),
    ),
    method="A sigmoid network of 48 units learns the characters of source code in 250 updates. "
    "The norm of the gradient of a loss with respect to each earlier state is measured before, "
    "during and after.",
    expected="The loss falls while lags above 20 contribute less than 1e-6 of the gradient.",
    measure=measure,
)
