"""Back-propagation through time written out: the sum over k of products of Jacobians.

Nothing here uses autograd. The tests and the claim C6 compare it with autograd.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class ElmanWeights:
    """The weights of h[t] = tanh(W_e e[t] + W_h h[t-1] + b), ŷ[t] = softmax(W_y h[t] + b_y).

    Attributes:
        weight_e: W_e, (hidden, input).
        weight_h: W_h, (hidden, hidden).
        bias: b, (hidden).
        weight_y: W_y, (vocab, hidden).
        bias_y: b_y, (vocab).
    """

    weight_e: Float[Tensor, "hidden input"]
    weight_h: Float[Tensor, "hidden hidden"]
    bias: Float[Tensor, " hidden"]
    weight_y: Float[Tensor, "vocab hidden"]
    bias_y: Float[Tensor, " vocab"]

    @classmethod
    def random(cls, *, input_size: int, hidden_size: int, vocab_size: int) -> "ElmanWeights":
        """Return random weights in float64 from torch's default generator."""

        def draw(*shape: int) -> Tensor:
            return torch.randn(*shape, dtype=torch.float64) / float(shape[-1] ** 0.5)

        return cls(
            weight_e=draw(hidden_size, input_size),
            weight_h=draw(hidden_size, hidden_size),
            bias=draw(hidden_size),
            weight_y=draw(vocab_size, hidden_size),
            bias_y=draw(vocab_size),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class BpttGradients:
    """Gradients of the mean loss, and the part that comes from each lag.

    Attributes:
        loss: The mean loss over the steps, nats.
        weight_h: dL/dW_h, (hidden, hidden).
        weight_e: dL/dW_e, (hidden, input).
        by_lag_h: The part of dL/dW_h from each lag t - k, (lags, hidden, hidden).
        by_lag_e: The part of dL/dW_e from each lag, (lags, hidden, input).
    """

    loss: float
    weight_h: Float[Tensor, "hidden hidden"]
    weight_e: Float[Tensor, "hidden input"]
    by_lag_h: Float[Tensor, "lags hidden hidden"]
    by_lag_e: Float[Tensor, "lags hidden input"]


def forward(
    weights: ElmanWeights, inputs: Float[Tensor, "time input"]
) -> tuple[Float[Tensor, "states hidden"], Float[Tensor, "time vocab"]]:
    """Return h[0..T] with h[0] = 0, and ŷ[1..T].

    Args:
        weights: The weights.
        inputs: e[1..T], (time, input).
    """
    states = [torch.zeros_like(weights.bias)]
    for e in inputs:
        states.append(
            torch.tanh(weights.weight_e @ e + weights.weight_h @ states[-1] + weights.bias)
        )
    hidden = torch.stack(states)
    return hidden, torch.softmax(hidden[1:] @ weights.weight_y.T + weights.bias_y, dim=1)


def bptt_gradients(
    weights: ElmanWeights,
    inputs: Float[Tensor, "time input"],
    *,
    target_ids: Int64[Tensor, " time"],
) -> BpttGradients:
    """Compute dL/dW_h and dL/dW_e by the sum of the lectures.

    Equation: dL[t]/dW_h = Σ_{k≤t} dL[t]/dŷ[t] · dŷ[t]/dh[t] · (J[t] ... J[k+1]) · ∂⁺h[k]/∂W_h
    with J[j] = diag(1 - h[j]²) W_h and the immediate derivative ∂⁺h[k]/∂W_h, in which h[k-1] is
    held fixed. L is the mean of L[1..T].

    Args:
        weights: The weights.
        inputs: e[1..T], (time, input).
        target_ids: The next token after each step, (time).

    Source: [lecture-000] to [lecture-004]; [pascanu2013].
    """
    hidden, probabilities = forward(weights, inputs)
    num_steps = len(inputs)
    by_lag_h = weights.weight_h.new_zeros(num_steps, *weights.weight_h.shape)
    by_lag_e = weights.weight_e.new_zeros(num_steps, *weights.weight_e.shape)
    loss = 0.0
    for t in range(1, num_steps + 1):
        target = int(target_ids[t - 1])
        loss -= probabilities[t - 1, target].log().item() / num_steps
        # dL[t]/dŷ[t] · dŷ[t]/dh[t] = (ŷ - y)ᵀ W_y
        error = probabilities[t - 1].clone()
        error[target] -= 1.0
        row = error @ weights.weight_y / num_steps
        product = torch.eye(len(weights.bias), dtype=row.dtype)
        for k in range(t, 0, -1):
            # The row times dh[t]/dh[k], then the immediate derivative at step k.
            immediate = (row @ product) * (1 - hidden[k] ** 2)
            by_lag_h[t - k] += torch.outer(immediate, hidden[k - 1])
            by_lag_e[t - k] += torch.outer(immediate, inputs[k - 1])
            product = product @ step_jacobian(weights, hidden[k])
    return BpttGradients(
        loss=loss,
        weight_h=by_lag_h.sum(0),
        weight_e=by_lag_e.sum(0),
        by_lag_h=by_lag_h,
        by_lag_e=by_lag_e,
    )


def step_jacobian(
    weights: ElmanWeights, hidden: Float[Tensor, " hidden"]
) -> Float[Tensor, "hidden hidden"]:
    """Return J[j] = dh[j]/dh[j-1] = diag(1 - h[j]²) W_h, (hidden, hidden).

    Args:
        weights: The weights.
        hidden: h[j], (hidden).
    """
    return (1 - hidden**2)[:, None] * weights.weight_h
