"""Recurrent language models in float64, and packed: what the generator is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

import nextword_kernels as kernels

NUM_GATES = {"lstm": 4, "gru": 3, "tanh": 1, "sigmoid": 1, "relu": 1}
CELLS = tuple(NUM_GATES)
ACTIVATIONS = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The weights of a layer, float32."""

    input: Tensor
    recurrent: Tensor
    bias: Tensor
    recurrent_bias: Tensor | None = None
    projection: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class Tail:
    """The weights of a tail of an adaptive softmax, float32."""

    projection: Tensor | None
    words: Tensor
    bias: Tensor


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The weights of a network, float32."""

    cell: str
    embedding: Tensor
    layers: Sequence[Layer]
    output: Tensor
    output_bias: Tensor
    residual: bool = False
    tails: Sequence[Tail] = ()

    @property
    def vocab_size(self) -> int:
        return len(self.embedding)

    def with_tails(self, sizes: Sequence[int], widths: Sequence[int | None]) -> "Weights":
        """The network with an adaptive softmax: the last ids become tails of these sizes."""
        num_words = self.vocab_size - sum(sizes)
        hidden_size = self.output.shape[1]
        tails, first = [], num_words
        for size, width in zip(sizes, widths, strict=True):
            words = self.output[first : first + size]
            if width is not None:
                words = torch.randn(size, width) * width**-0.5 * 2
            tails.append(
                Tail(
                    projection=None
                    if width is None
                    else torch.randn(width, hidden_size) * hidden_size**-0.5 * 2,
                    words=words,
                    bias=self.output_bias[first : first + size],
                )
            )
            first += size
        num_rows = num_words + len(sizes)
        return replace(
            self,
            output=self.output[:num_rows].clone(),
            output_bias=self.output_bias[:num_rows].clone(),
            tails=tails,
        )

    def states(self, num_rows: int) -> list[Tensor]:
        """Draw the parts of a state, as the generator wants them."""
        states = []
        for layer in self.layers:
            states.append(torch.randn(num_rows, layer.recurrent.shape[1]).tanh())
            if self.cell == "lstm":
                states.append(torch.randn(num_rows, len(layer.recurrent) // 4))
        return states


def made_up_weights(
    cell: str,
    *,
    vocab_size: int,
    hidden_size: int,
    num_layers: int = 2,
    embedding_size: int | None = None,
    projection_size: int | None = None,
    residual: bool = False,
) -> Weights:
    """Draw weights of a size at which gates are neither saturated nor linear."""
    width = embedding_size or projection_size or hidden_size
    output_size = projection_size or hidden_size
    layers = []
    for depth in range(num_layers):
        below = width if depth == 0 else output_size
        rows = NUM_GATES[cell] * hidden_size
        layers.append(
            Layer(
                input=torch.randn(rows, below) * below**-0.5,
                recurrent=torch.randn(rows, output_size) * output_size**-0.5 * 0.7,
                bias=torch.randn(rows) * 0.3,
                recurrent_bias=torch.randn(hidden_size) * 0.3 if cell == "gru" else None,
                projection=None
                if projection_size is None
                else torch.randn(projection_size, hidden_size) * hidden_size**-0.5 * 2,
            )
        )
    return Weights(
        cell=cell,
        embedding=torch.randn(vocab_size, width),
        layers=layers,
        output=torch.randn(vocab_size, output_size) * output_size**-0.5 * 2,
        output_bias=torch.randn(vocab_size) * 0.3,
        residual=residual,
    )


def packed(weights: Weights, *, precision: str, has_table: bool) -> kernels.RecurrentNetwork:
    """Pack a network; with a table the first layer's input gates are looked up."""
    layers, tokens = [], weights.embedding
    for depth, layer in enumerate(weights.layers):
        recurrent_bias = None
        if layer.recurrent_bias is not None:
            zeros = torch.zeros(2 * len(layer.recurrent_bias))
            recurrent_bias = torch.cat([zeros, layer.recurrent_bias])
        input_rows = None
        if depth == 0 and has_table:
            tokens = weights.embedding @ layer.input.T + layer.bias
            tokens = tokens if precision == "float32" else tokens.bfloat16()
        else:
            input_rows = packed_rows(layer.input, bias=layer.bias, precision=precision)
        projection = layer.projection
        layers.append(
            (
                input_rows,
                packed_rows(layer.recurrent, bias=recurrent_bias, precision=precision),
                None if projection is None else packed_rows(projection, precision=precision),
            )
        )
    return kernels.RecurrentNetwork(
        weights.cell,
        layers=layers,
        tokens=tokens,
        holds_gates=has_table,
        output=packed_rows(weights.output, bias=weights.output_bias, precision=precision),
        tails=[
            (
                None
                if tail.projection is None
                else packed_rows(tail.projection, precision=precision),
                packed_rows(tail.words.contiguous(), bias=tail.bias, precision=precision),
            )
            for tail in weights.tails
        ],
        residual=weights.residual,
    )


def packed_rows(
    matrix: Tensor, *, bias: Tensor | None = None, precision: str
) -> kernels.PackedRows:
    """Pack a matrix; with int8 the step of each row is its largest value over 127."""
    if precision != "int8":
        return kernels.pack_rows(matrix, bias=bias, precision=precision)
    scales = matrix.abs().amax(1) / 127
    codes = (matrix / scales[:, None]).round().to(torch.int8)
    return kernels.pack_codes(codes, scales=scales, bias=bias)


def reference_step(
    weights: Weights, token_ids: Tensor, states: Sequence[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """Read one token in every row; return log-probabilities and the new state, in float64."""
    inputs = weights.embedding[token_ids].double()
    parts = list(states)
    after: list[Tensor] = []
    for depth, layer in enumerate(weights.layers):
        below = inputs
        hidden = parts.pop(0).double()
        products = hidden @ layer.recurrent.double().T
        gates = inputs @ layer.input.double().T + layer.bias.double()
        if weights.cell == "lstm":
            i, f, g, o = (gates + products).chunk(4, dim=1)
            cell = torch.sigmoid(f) * parts.pop(0).double() + torch.sigmoid(i) * torch.tanh(g)
            hidden = torch.sigmoid(o) * torch.tanh(cell)
            if layer.projection is not None:
                hidden = hidden @ layer.projection.double().T
            after += [hidden, cell]
        elif weights.cell == "gru":
            r, z, n = gates.chunk(3, dim=1)
            of_r, of_z, of_n = products.chunk(3, dim=1)
            assert layer.recurrent_bias is not None
            candidate = torch.tanh(n + torch.sigmoid(r + of_r) * (of_n + layer.recurrent_bias))
            update = torch.sigmoid(z + of_z)
            hidden = (1 - update) * candidate + update * hidden
            after.append(hidden)
        else:
            hidden = ACTIVATIONS[weights.cell](gates + products)
            after.append(hidden)
        inputs = hidden + below if weights.residual and depth > 0 else hidden
    logits = inputs @ weights.output.double().T + weights.output_bias.double()
    head = logits.log_softmax(1)
    num_words = len(weights.output) - len(weights.tails)
    log_probs = [head[:, :num_words]]
    for number, tail in enumerate(weights.tails):
        narrow = inputs if tail.projection is None else inputs @ tail.projection.double().T
        scores = narrow @ tail.words.double().T + tail.bias.double()
        log_probs.append(scores.log_softmax(1) + head[:, num_words + number, None])
    return torch.cat(log_probs, dim=1), after
