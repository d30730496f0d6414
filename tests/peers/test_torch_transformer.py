"""A layer of ours against torch.nn.TransformerEncoderLayer, given our band as its mask."""

import pytest
import torch
from torch import Tensor, nn

from nextword.families.transformer import KeysAndValues, TransformerLayer

pytestmark = pytest.mark.peer

CONTEXT_SIZE, NUM_HEADS, HIDDEN_SIZE = 4, 2, 6


def pair() -> tuple[TransformerLayer, nn.TransformerEncoderLayer]:
    """Our layer, and torch's with the same weights."""
    torch.manual_seed(0)
    ours = TransformerLayer(
        HIDDEN_SIZE, num_heads=NUM_HEADS, context_size=CONTEXT_SIZE, feedforward_size=9
    ).double()
    for parameter in ours.parameters():
        nn.init.normal_(parameter, std=0.5)
    theirs = nn.TransformerEncoderLayer(
        HIDDEN_SIZE, NUM_HEADS, 9, dropout=0.0, batch_first=True, norm_first=True
    ).double()
    same = {
        "self_attn.in_proj_weight": ours.attention.query_key_value.weight,
        "self_attn.in_proj_bias": ours.attention.query_key_value.bias,
        "self_attn.out_proj.weight": ours.attention.output.weight,
        "self_attn.out_proj.bias": ours.attention.output.bias,
        "linear1.weight": ours.widening.weight,
        "linear1.bias": ours.widening.bias,
        "linear2.weight": ours.narrowing.weight,
        "linear2.bias": ours.narrowing.bias,
        "norm1.weight": ours.attention_norm.weight,
        "norm1.bias": ours.attention_norm.bias,
        "norm2.weight": ours.feedforward_norm.weight,
        "norm2.bias": ours.feedforward_norm.bias,
    }
    theirs.load_state_dict({name: part.detach().clone() for name, part in same.items()})
    return ours, theirs


def mask(distance_bias: Tensor, batch_size: int, num_steps: int) -> Tensor:
    """Bias by distance, -inf outside the band, (batch * heads, time, time)."""
    distances = torch.arange(num_steps)[:, None] - torch.arange(num_steps)
    outside = (distances < 0) | (distances >= CONTEXT_SIZE)
    bias = distance_bias.detach()[:, distances.clamp(0, CONTEXT_SIZE - 1)]
    return bias.masked_fill(outside, -torch.inf).repeat(batch_size, 1, 1)


@pytest.mark.parametrize(("batch_size", "num_steps"), [(1, 1), (3, 7), (2, 63)])
def test_layer_and_torch_give_the_same_outputs_and_gradients(
    batch_size: int, num_steps: int
) -> None:
    ours, theirs = pair()
    inputs = torch.randn(batch_size, num_steps, HIDDEN_SIZE, dtype=torch.float64)
    inputs.requires_grad_()
    empty = inputs.new_zeros(batch_size, CONTEXT_SIZE - 1, HIDDEN_SIZE)
    nothing_read = torch.zeros(batch_size, dtype=torch.int64)

    actual, _ = ours(inputs, KeysAndValues(empty, empty), num_before=nothing_read)
    expected = theirs(inputs, src_mask=mask(ours.attention.distance_bias, batch_size, num_steps))

    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-10)
    weights = torch.randn_like(actual)
    (our_gradient,) = torch.autograd.grad((actual * weights).sum(), inputs, retain_graph=True)
    (their_gradient,) = torch.autograd.grad((expected * weights).sum(), inputs)
    torch.testing.assert_close(our_gradient, their_gradient, rtol=1e-10, atol=1e-10)
