"""Weights with sparse gradients: an update reads few rows of them."""

from torch import nn

from nextword.layers.heads import Output
from nextword.layers.token_input import TokenInput


class SparseTable(nn.Module):
    """Base of modules whose `weight` always has a sparse gradient (a COO tensor).

    A hash table has millions of weights, and a step reads some thousands of them. They are updated
    by `nextword.optim.SparseDescent`, not by optimizers that update every weight at every step.
    """

    weight: nn.Parameter


def sparse_parameters(model: nn.Module) -> tuple[nn.Parameter, ...]:
    """Return the weights of all `SparseTable` modules of a model; most models have none."""
    return tuple(module.weight for module in model.modules() if isinstance(module, SparseTable))


def use_sparse_gradients(model: nn.Module) -> None:
    """Use sparse gradients for embeddings and sampled output rows in all later backward passes.

    The optimizer must accept sparse gradients, as those of `nextword.optim` do.
    """
    for module in model.modules():
        if isinstance(module, TokenInput | Output):
            module.sparse_gradients = True
