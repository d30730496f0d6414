"""Packing the weights of a recurrent language model for the compiled kernels."""

from typing import Any

import torch
from torch import Tensor, nn

from nextword.cells import AnyCell, GruCell, ProjectedLstmCell
from nextword.families import RecurrentLanguageModel
from nextword.layers import AdaptiveSoftmax, FullSoftmax
from nextword.models import inference
from nextword.packed.support import has_table, kernel_cell
from nextword.quantization import quantize_rows
from nextword.tensors import load_kernels

#: Tokens whose input gates are computed together.
_TABLE_ROWS = 1024


def packed_network(model: RecurrentLanguageModel, *, precision: str) -> Any:
    """Pack all weights of a model.

    Args:
        model: A model that the kernels can run; see `why_not_packed`.
        precision: `float32`, `bfloat16` or `int8`.

    Returns:
        A `nextword_kernels.RecurrentNetwork`. It shares the memory of an embedding that is a
        table, unless the input gates of every token are computed in advance.

    Raises:
        DivergedError: A weight is not finite, and the precision is `int8`.
    """
    is_table = has_table(model, precision)
    with inference(model):
        layers = [
            _packed_layer(cell, precision=precision, has_inputs=depth > 0 or not is_table)
            for depth, cell in enumerate(model.core.layers)
        ]
        head, tails = _packed_output(model.output, precision=precision)
        # Kernels of an older version have no tails.
        options = {"tails": tails} if tails else {}
        return load_kernels().RecurrentNetwork(
            kernel_cell(model.core.layers[0]),
            layers=layers,
            tokens=_table(model, precision) if is_table else _vectors(model),
            holds_gates=is_table,
            output=head,
            residual=model.core.residual,
            **options,
        )


def _packed_output(output: nn.Module, *, precision: str) -> tuple[Any, list[tuple[Any, Any]]]:
    """Return the packed softmax, or head and tails of an adaptive one."""
    if isinstance(output, AdaptiveSoftmax):
        weight, bias = output.head()
        tails = [
            (
                None
                if tail.projection is None
                else _packed(tail.projection, bias=None, precision=precision),
                _packed(tail.words, bias=tail.bias, precision=precision),
            )
            for tail in output.tails()
        ]
        return _packed(weight, bias=bias, precision=precision), tails
    assert isinstance(output, FullSoftmax)  # the kernels can run it
    return _packed(output.weight, bias=output.masked_bias(), precision=precision), []


def _packed_layer(cell: AnyCell, *, precision: str, has_inputs: bool) -> tuple[Any, Any, Any]:
    """Return the packed input, recurrent and projection matrix; None for those it has not."""
    recurrent_bias = None
    if isinstance(cell, GruCell):
        recurrent_bias = torch.cat([torch.zeros(2 * cell.hidden_size), cell.recurrent_bias])
    weight_ih, bias = cell.get_parameter("weight_ih"), cell.get_parameter("bias")
    projection = cell.weight_hr if isinstance(cell, ProjectedLstmCell) else None
    return (
        _packed(weight_ih, bias=bias, precision=precision) if has_inputs else None,
        _packed(cell.get_parameter("weight_hh"), bias=recurrent_bias, precision=precision),
        None if projection is None else _packed(projection, bias=None, precision=precision),
    )


def _packed(weight: Tensor, *, bias: Tensor | None, precision: str) -> Any:
    bias = None if bias is None else bias.detach().contiguous()
    if precision == "int8":
        rows = quantize_rows(weight)
        return load_kernels().pack_codes(rows.codes.contiguous(), scales=rows.scales, bias=bias)
    return load_kernels().pack_rows(weight.detach().contiguous(), bias=bias, precision=precision)


def _vectors(model: RecurrentLanguageModel) -> Tensor:
    """Return the vector of every token, (vocab, width), float32."""
    if isinstance(model.embedding, nn.Parameter):
        return model.embedding.detach().contiguous()
    parts = [model.embed(ids[None])[0] for ids in _all_ids(model)]
    return torch.cat(parts).float().contiguous()


def _all_ids(model: RecurrentLanguageModel) -> tuple[Tensor, ...]:
    """Return the ids of all tokens, in parts whose vectors are computed together."""
    return torch.split(torch.arange(model.vocab_size), _TABLE_ROWS)


def _table(model: RecurrentLanguageModel, precision: str) -> Tensor:
    """Return the input gates of the first layer for every token, (vocab, gates * hidden)."""
    cell = model.core.layers[0]
    weight, bias = cell.get_parameter("weight_ih"), cell.get_parameter("bias")
    dtype = torch.float32 if precision == "float32" else torch.bfloat16
    table = torch.empty(model.vocab_size, len(weight), dtype=dtype)
    for token_ids in _all_ids(model):
        vectors = model.embed(token_ids[None])[0]
        table[token_ids] = torch.addmm(bias, vectors, weight.t()).to(dtype)
    return table
