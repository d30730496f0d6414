"""Networks with 8-bit weights."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

from nextword.models import NeuralLanguageModel
from nextword.quantization.rows import QuantizedRows, quantize_rows

Network = TypeVar("Network", bound=NeuralLanguageModel)


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantizedNetwork(Generic[Network]):
    """The weights of a network: 8-bit matrices, and float32 vectors.

    Attributes:
        network: The network they come from.
        matrices: The quantized weights with two axes, by name.
        vectors: The other weights, such as biases, by name.
    """

    network: Network
    matrices: Mapping[str, QuantizedRows]
    vectors: Mapping[str, Tensor]

    @property
    def num_bytes(self) -> int:
        """Size of all codes, scales and vectors."""
        rows = self.matrices.values()
        sizes = [each.codes.numel() + 4 * each.scales.numel() for each in rows]
        return sum(sizes) + sum(4 * vector.numel() for vector in self.vectors.values())

    def dequantized(self) -> Network:
        """Return a copy of the network with the weights that the codes represent, in float32."""
        network = copy.deepcopy(self.network).to("cpu", torch.float32)
        tensors = {name: rows.dequantized() for name, rows in self.matrices.items()}
        network.load_tensors(tensors | dict(self.vectors), source="the quantized weights")
        return network


def quantize_network(network: Network) -> QuantizedNetwork[Network]:
    """Quantize every weight matrix of a network to 8 bits, with one scale per row.

    Biases and other weights with one axis stay in float32. A matrix that two layers share is
    quantized once.

    Args:
        network: The network; it is not changed.

    Raises:
        DivergedError: A weight is not finite.
    """
    tensors = {name: tensor.to("cpu", torch.float32) for name, tensor in network.tensors().items()}
    matrices = {name: quantize_rows(each) for name, each in tensors.items() if each.ndim == 2}
    vectors = {name: each for name, each in tensors.items() if name not in matrices}
    return QuantizedNetwork(network=network, matrices=matrices, vectors=vectors)
