"""C6: the sum over k of products of Jacobians is the gradient that autograd computes."""

import torch
from torch import Tensor

from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.tools import (
    BpttGradients,
    ElmanWeights,
    bptt_gradients,
    draw_curves,
    relative_difference,
)
from nextword.lab.workbench import Workbench

_NUM_STEPS, _INPUT, _HIDDEN, _VOCAB = 12, 4, 6, 9
_LIMIT = 1e-10


def measure(bench: Workbench) -> Finding:
    """Compare the written-out sum with autograd, and split it by lag."""
    weights = ElmanWeights.random(input_size=_INPUT, hidden_size=_HIDDEN, vocab_size=_VOCAB)
    inputs = torch.randn(_NUM_STEPS, _INPUT, dtype=torch.float64)
    target_ids = torch.randint(_VOCAB, (_NUM_STEPS,))
    ours = bptt_gradients(weights, inputs, target_ids=target_ids)
    automatic_h, automatic_e = autograd_gradients(weights, inputs, target_ids=target_ids)
    error_h = relative_difference(ours.weight_h, automatic_h)
    error_e = relative_difference(ours.weight_e, automatic_e)
    shares_h, shares_e = lag_shares(ours)
    picture = draw_curves(
        {
            "W_h": (range(_NUM_STEPS), shares_h),
            "W_e": (range(_NUM_STEPS), shares_e),
        },
        bench.pictures / "c06.png",
        title="Parts of dL/dW from each lag, tanh network",
        labels=("lag t - k", "norm of the part / sum of the norms"),
        log_y=True,
    )
    is_exact = max(error_h, error_e) <= _LIMIT
    # Beyond the own step, W_e gets a similar share of its gradient through the products.
    both_carry = min(sum(shares_h[1:]), sum(shares_e[1:])) > 0.1
    return Finding(
        verdict=Verdict.PARTLY if is_exact and both_carry else Verdict.FAILS,
        reason=f"The sum equals autograd to {max(error_h, error_e):.1g}. That only W_h is hard "
        "does not hold: the gradient of W_e contains the same products of Jacobians, and "
        f"{sum(shares_e[1:]):.0%} of it comes through them ({sum(shares_h[1:]):.0%} for W_h).",
        figures={
            "relative_error_weight_h": error_h,
            "relative_error_weight_e": error_e,
            "share_by_lag_weight_h": shares_h,
            "share_by_lag_weight_e": shares_e,
            "share_beyond_lag_0_weight_h": sum(shares_h[1:]),
            "share_beyond_lag_0_weight_e": sum(shares_e[1:]),
        },
        checks=(
            Check(text="relative difference of dL/dW_h <= 1e-10", passed=error_h <= _LIMIT),
            Check(text="relative difference of dL/dW_e <= 1e-10", passed=error_e <= _LIMIT),
            Check(text="W_e also gets gradient through products of Jacobians", passed=both_carry),
        ),
        pictures=(picture,),
    )


def autograd_gradients(
    weights: ElmanWeights, inputs: Tensor, *, target_ids: Tensor
) -> tuple[Tensor, Tensor]:
    """Return dL/dW_h and dL/dW_e of the mean loss, by autograd."""
    weight_h = weights.weight_h.clone().requires_grad_()
    weight_e = weights.weight_e.clone().requires_grad_()
    hidden, losses = torch.zeros_like(weights.bias), []
    for e, target in zip(inputs, target_ids, strict=True):
        hidden = torch.tanh(weight_e @ e + weight_h @ hidden + weights.bias)
        logits = weights.weight_y @ hidden + weights.bias_y
        losses.append(torch.nn.functional.cross_entropy(logits[None], target[None]))
    gradient_h, gradient_e = torch.autograd.grad(torch.stack(losses).mean(), [weight_h, weight_e])
    return gradient_h, gradient_e


def lag_shares(gradients: BpttGradients) -> tuple[list[float], list[float]]:
    """Return the norm of each lag's part of dL/dW_h and dL/dW_e, relative to their sum."""
    norms_h = gradients.by_lag_h.flatten(1).norm(dim=1)
    norms_e = gradients.by_lag_e.flatten(1).norm(dim=1)
    return (norms_h / norms_h.sum()).tolist(), (norms_e / norms_e.sum()).tolist()


CLAIM = Claim(
    id="C6",
    name="bptt-sum",
    statement="The gradient of the recurrent matrix is a sum over all earlier steps k of the "
    "immediate derivative at k, carried to the loss by a product of Jacobians; and only W_h is "
    "hard to differentiate, W_e is not.",
    sources=(
        Source(lecture="lecture-000", place="Back-propagation through time"),
        Source(lecture="lecture-001", place="Back-propagation through time"),
        Source(lecture="lecture-002", place="the gradient with a pre-activation state"),
        Source(lecture="lecture-003", place="BPTT - unrolled RNN"),
        Source(lecture="lecture-004", place="Backpropagation through time"),
    ),
    method="The sum is written out for a random tanh network in float64 (12 steps, 6 units) and "
    "compared with autograd; the norms of its parts are listed by lag, for W_h and for W_e.",
    expected="Relative differences of at most 1e-10; the claim holds partly, because the gradient "
    "of W_e contains the same products.",
    measure=measure,
)
