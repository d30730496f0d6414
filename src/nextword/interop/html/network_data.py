"""Which weight is which in a recurrent network, and which networks the page can compute."""

from typing import Any

from torch import nn

from nextword.base import ConfigError, Values
from nextword.cells import AnyCell, ElmanCell, GruCell, LstmCell
from nextword.families import RecurrentLanguageModel
from nextword.interop.html.arrays import ArrayBlock
from nextword.layers import (
    AdaptiveEmbedding,
    AdaptiveSoftmax,
    ChunkedSoftmax,
    FullSoftmax,
    SampledSoftmax,
)

#: The cells that the page computes, by the name of their step there.
_CELLS: dict[type, str] = {LstmCell: "lstm", GruCell: "gru", ElmanCell: "elman"}
#: Heads whose distribution is that of the full softmax.
_FULL_HEADS = (FullSoftmax, ChunkedSoftmax, SampledSoftmax)


def add_network(block: ArrayBlock, model: RecurrentLanguageModel) -> Values:
    """Add the initial state of a network to a block, and return where each of its weights is.

    Args:
        block: Gets the arrays that are not weights.
        model: The network.

    Returns:
        Names of the weights by their role, as JSON values.

    Raises:
        ConfigError: The page cannot compute a layer of this network.
    """
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    head = model.output
    if type(head) is not AdaptiveSoftmax and type(head) not in _FULL_HEADS:
        raise _refusal(f"the output head {type(head).__name__}")
    data: Values = {
        "layers": [_layer(cell, names=names) for cell in model.core.layers],
        "residual": model.core.residual,
        "zoneout": {
            "hidden_state": model.core.regularizer.zoneout_hidden,
            "cell_state": model.core.regularizer.zoneout_cell,
        },
        "bias": names[id(head.bias)],
    }
    for depth, (layer, cell) in enumerate(zip(data["layers"], model.core.layers, strict=True)):
        layer["initial"] = {}
        for name, values in zip(cell.state_names, cell.initial_state(1), strict=True):
            layer["initial"][name] = f"initial.{depth}.{name}"
            block.add_vector(layer["initial"][name], values)
    if model.embedding is not None:
        data["input"] = _clusters(model.embedding, names=names)
    if isinstance(head, AdaptiveSoftmax):
        data["output"] = _clusters(head.words, names=names)
        tails = {"weight": head.tail_weight, "bias": head.tail_bias}
        data["tails"] = {role: names[id(parameter)] for role, parameter in tails.items()}
    else:
        data["output"] = [{"table": names[id(head.weight)]}]
    return data


def _layer(cell: AnyCell, *, names: dict[int, str]) -> Values:
    if type(cell) not in _CELLS:
        raise _refusal(f"the cell {type(cell).__name__}")
    layer: dict[str, Any] = {
        "cell": _CELLS[type(cell)],
        "weights": {
            role: names[id(parameter)]
            for role, parameter in cell.named_parameters()
            if not role.startswith("initial_")
        },
    }
    if isinstance(cell, ElmanCell):
        layer["nonlinearity"] = cell.nonlinearity
    return layer


def _clusters(table: nn.Parameter | AdaptiveEmbedding, *, names: dict[int, str]) -> list[Values]:
    """Return the names of a table, or of those of the clusters of an adaptive embedding."""
    if isinstance(table, nn.Parameter):
        return [{"table": names[id(table)]}]
    return [
        {role: names[id(parameter)] for role, parameter in cluster.named_parameters()}
        for cluster in table.clusters
    ]


def _refusal(what: str) -> ConfigError:
    return ConfigError(
        f"an HTML page computes networks of the cells lstm, gru and elman with a full or an "
        f"adaptive softmax; this model has {what}.",
        help="Export a model of the recipes lstm-small, gru, elman or char-lstm.",
    )
