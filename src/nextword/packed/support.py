"""Which models the compiled kernels can run step by step, and in what memory."""

import torch
from torch import nn

from nextword.cells import AnyCell, ElmanCell, GruCell, LstmCell, ProjectedLstmCell
from nextword.families import RecurrentLanguageModel
from nextword.layers import (
    AdaptiveEmbedding,
    AdaptiveSoftmax,
    ChunkedSoftmax,
    FullSoftmax,
    SampledSoftmax,
)
from nextword.models import LanguageModel
from nextword.tensors import kernels_are_installed, load_kernels

#: Bytes of a weight, by precision.
WEIGHT_BYTES = {"float32": 4, "bfloat16": 2, "int8": 1}
#: Largest size of a table with the input gates of every token. It is computed when a model is
#: packed, and saves a product in every step.
MOST_TABLE_BYTES = 64 * 2**20
#: Largest size of the vectors of all tokens, if an adaptive embedding is unfolded.
MOST_VECTOR_BYTES = 512 * 2**20
#: Largest size of packed weights that are made without being asked for.
MOST_PACKED_BYTES = 2**30

# Exact classes: a subclass may compute something else.
_CELLS = (LstmCell, ProjectedLstmCell, GruCell, ElmanCell)
_SOFTMAXES = (FullSoftmax, ChunkedSoftmax, SampledSoftmax, AdaptiveSoftmax)


def why_not_packed(model: LanguageModel) -> str | None:
    """Return why the kernels cannot run a model; None if they can."""
    if not kernels_are_installed():
        return "nextword-kernels is not installed"
    if not hasattr(load_kernels(), "RecurrentNetwork"):
        return "the installed nextword-kernels has no generator; install it again"
    if type(model) is not RecurrentLanguageModel:
        return f"the kernels run the family 'recurrent', not {model.family!r}"
    kinds = {type(cell) for cell in model.core.layers}
    if len(kinds) > 1 or not kinds <= set(_CELLS):
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        return f"the kernels have no {names}"
    if len({kernel_cell(cell) for cell in model.core.layers}) > 1:
        return "its layers have different nonlinearities"
    if type(model.output) not in _SOFTMAXES or not _has_output(model.output):
        return f"the kernels have no {type(model.output).__name__}"
    if not _has_vectors(model):
        return "its embedding is not a table, and its vocabulary is large"
    parameters = list(model.parameters())
    if any(each.device.type != "cpu" for each in parameters):
        return "the kernels run on the CPU"
    if any(each.dtype != torch.float32 for each in parameters):
        return "its weights are not float32"
    return None


def _has_output(output: nn.Module) -> bool:
    """Return whether the installed kernels have an output layer; older ones have no adaptive one.

    Args:
        output: An output layer that the present kernels have.
    """
    if isinstance(output, AdaptiveSoftmax):
        return hasattr(load_kernels().RecurrentNetwork, "num_tails")
    return True


def _has_vectors(model: RecurrentLanguageModel) -> bool:
    """Return whether the kernels can look up what the first layer reads for a token."""
    if isinstance(model.embedding, nn.Parameter) or has_table(model, "bfloat16"):
        return True
    return (
        isinstance(model.embedding, AdaptiveEmbedding) and _vector_bytes(model) <= MOST_VECTOR_BYTES
    )


def kernel_cell(cell: AnyCell) -> str:
    """Return the name of a cell in the kernels."""
    if isinstance(cell, ElmanCell):
        return cell.nonlinearity
    return "gru" if isinstance(cell, GruCell) else "lstm"


def packed_bytes(model: RecurrentLanguageModel, precision: str) -> int:
    """Return the size of the packed weights of a model, with its table.

    Args:
        model: A model that the kernels can run.
        precision: `float32`, `bfloat16` or `int8`.
    """
    size = sum(each.numel() for each in model.parameters()) * WEIGHT_BYTES[precision]
    if has_table(model, precision):
        return size + _table_bytes(model, precision)
    return size + (0 if isinstance(model.embedding, nn.Parameter) else _vector_bytes(model))


def has_table(model: RecurrentLanguageModel, precision: str) -> bool:
    """Return whether the input gates of every token are computed in advance.

    Args:
        model: A model of the family.
        precision: `float32`, `bfloat16` or `int8`.
    """
    return _table_bytes(model, precision) <= MOST_TABLE_BYTES


def _vector_bytes(model: RecurrentLanguageModel) -> int:
    return model.vocab_size * model.core.layers[0].input_size * 4


def _table_bytes(model: RecurrentLanguageModel, precision: str) -> int:
    num_gates = len(model.core.layers[0].get_parameter("weight_ih"))
    return model.vocab_size * num_gates * (4 if precision == "float32" else 2)
