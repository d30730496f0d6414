"""C15: the definitions of perplexity agree."""

import math

import torch

from nextword.base import nats_to_bits, perplexity
from nextword.families import RecurrentConfig
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.tools import build_model
from nextword.lab.workbench import Workbench

_VOCAB, _NUM_TOKENS, _LIMIT = 11, 200, 1e-6
_SIDES = (2, 6, 20, 1000)


def measure(bench: Workbench) -> Finding:
    """Compute the perplexity of a text under a random model in four ways."""
    model = build_model(RecurrentConfig(hidden_size=16, tied=False), vocab_size=_VOCAB)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)  # a model that is sure of itself, and often wrong
    ids = torch.randint(_VOCAB, (1, _NUM_TOKENS + 1))
    with torch.no_grad():
        nll, _ = model.nll(ids[:, :-1], ids[:, 1:], model.initial_state(1))
    mean_nats = nll.mean().item()
    product = math.prod(math.exp(value) ** (1 / _NUM_TOKENS) for value in nll[0].tolist())
    ways = {
        "product_of_inverse_probabilities": product,
        "exp_of_mean_nats": math.exp(mean_nats),
        "2_to_the_mean_bits": 2 ** nats_to_bits(mean_nats),
        "nextword_perplexity": perplexity(nll.sum().item(), _NUM_TOKENS),
    }
    spread = (max(ways.values()) - min(ways.values())) / ways["exp_of_mean_nats"]
    wrong = 2**mean_nats
    dice = {sides: die_perplexity(sides) for sides in _SIDES}
    dice_hold = all(abs(value - sides) <= _LIMIT * sides for sides, value in dice.items())
    differs = abs(wrong / ways["exp_of_mean_nats"] - 1) > 0.1
    return Finding(
        verdict=Verdict.HOLDS if spread <= _LIMIT and dice_hold else Verdict.FAILS,
        reason=f"Four ways to compute it agree to {spread:.0e}, and a fair die with δ sides scores "
        f"δ. The base must fit the unit: 2 to the power of nats gives {wrong:.2f} in place of "
        f"{ways['exp_of_mean_nats']:.2f}.",
        figures={
            **ways,
            "relative_spread": spread,
            "2_to_the_mean_nats": wrong,
            "dice": {str(sides): value for sides, value in dice.items()},
        },
        checks=(
            Check(text="the identities hold to 1e-6", passed=spread <= _LIMIT),
            Check(text="2^(nats) is another number", passed=differs),
            Check(text="a fair die with δ sides scores δ", passed=dice_hold),
        ),
    )


def die_perplexity(num_sides: int) -> float:
    """Return the perplexity of random throws under a network whose weights are all 0."""
    model = build_model(RecurrentConfig(hidden_size=4, tied=False), vocab_size=num_sides)
    throws = torch.randint(num_sides, (1, _NUM_TOKENS + 1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        nll, _ = model.nll(throws[:, :-1], throws[:, 1:], model.initial_state(1))
    return perplexity(nll.sum().item(), _NUM_TOKENS)


CLAIM = Claim(
    id="C15",
    name="perplexity",
    statement="Perplexity is the geometric mean of the inverse probabilities of the tokens, which "
    "is the exponential of the mean cross-entropy: e to the power of nats, 2 to the power of bits. "
    "A perplexity of δ is the uncertainty of a fair die with δ sides.",
    sources=(
        Source(lecture="lecture-003", place="BPTT - unrolled RNN"),
        Source(lecture="lecture-004", place="Language model evaluation using perplexity (PPL)"),
    ),
    method="A random LSTM scores 200 random tokens in float64; its perplexity is computed in four "
    "ways. A model that predicts a fair die is scored for four numbers of sides.",
    expected="All agree to 1e-6; 2 to the power of the mean in nats does not.",
    measure=measure,
)
