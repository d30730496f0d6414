"""Recurrent layers over time: stacks of cells, recurrent regularization and backends."""

from nextword.recurrent.activation_penalty import ActivationPenalty
from nextword.recurrent.backends import BACKENDS, Backend, choose_backend
from nextword.recurrent.bidirectional import BidirectionalStack, reverse
from nextword.recurrent.noise import LayerNoise, NoiseKind
from nextword.recurrent.regularizer import RecurrentRegularizer
from nextword.recurrent.stack import (
    RecurrentStack,
    StackState,
    clip_state_gradients,
    layer_backends,
    misses_kernels,
    recurrent_stacks,
)
from nextword.recurrent.trace import trace_layer

__all__ = [
    "BACKENDS",
    "ActivationPenalty",
    "Backend",
    "BidirectionalStack",
    "LayerNoise",
    "NoiseKind",
    "RecurrentRegularizer",
    "RecurrentStack",
    "StackState",
    "choose_backend",
    "clip_state_gradients",
    "layer_backends",
    "misses_kernels",
    "recurrent_stacks",
    "reverse",
    "trace_layer",
]
