"""A recurrent language model as an ONNX graph with its state as inputs and outputs.

Inputs are `input_ids`, (batch, time), and each part of the state by name, (batch, size); outputs
are `log_probs`, (batch, time, vocab), and the new state with `next.` before each name. The axes
of batch and time are dynamic, so one graph reads a whole text and single tokens.
"""

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from nextword.base import ConfigError
from nextword.cells import AnyCell
from nextword.families import RecurrentLanguageModel
from nextword.interop.onnx.graph import GraphBuilder
from nextword.interop.onnx.native_layers import NATIVE_CELLS, add_native_layer
from nextword.interop.onnx.step_layers import STEP_CELLS, add_step_layer
from nextword.interop.onnx.token_layers import add_embedding, add_head
from nextword.layers import AdaptiveSoftmax, ChunkedSoftmax, FullSoftmax, SampledSoftmax
from nextword.models import LanguageModel

#: Before the names of the new state.
NEXT = "next."
_HEADS = (FullSoftmax, ChunkedSoftmax, SampledSoftmax, AdaptiveSoftmax)
_REASONS = {
    "ngram": "it has tables of probabilities, not layers; export it to arpa or html",
    "window": "its state is the last tokens, not a vector",
    "convolutional": "its state is the last tokens, not a vector",
    "transformer": "its state grows with the text",
    "maxent": "its hashed n-gram features are not vectors",
    "mixture": "it consists of several models",
    "huggingface": "it is a model of transformers; export it with Optimum",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class OnnxNetwork:
    """A network as an ONNX model.

    Attributes:
        model: The `onnx.ModelProto`.
        state: State of one row that has read nothing, by name, each (size).
        is_step: Whether the graph reads one token at a time, since a cell has no operator of ONNX.
    """

    model: Any
    state: dict[str, Tensor]
    is_step: bool


def onnx_network(model: LanguageModel, *, metadata: dict[str, str]) -> OnnxNetwork:
    """Build the graph of a recurrent language model.

    Args:
        model: A recurrent network.
        metadata: Texts by name that are stored in the file.

    Raises:
        ConfigError: The graph cannot hold this model; the message says why.
        MissingExtraError: onnx is not installed.
    """
    network = _checked(model)
    cells = network.core.layers
    is_step = any(type(cell) in STEP_CELLS for cell in cells)
    graph = GraphBuilder("nextword")
    graph.input("input_ids", ["batch", 1 if is_step else "time"], is_integer=True)
    state = {
        name: part[0].detach().float() for name, part in network.initial_state(1).tensors.items()
    }
    for name, part in state.items():
        graph.input(name, ["batch", len(part)])
    table = network.embedding
    vectors = add_embedding(graph, table, vocab_size=network.vocab_size)
    hidden = _add_stack(graph, network, vectors)
    flat = graph.add("Reshape", [hidden, graph.ints(-1, cells[-1].output_size)])
    log_probs = add_head(graph, network.output, hidden=flat, never_ids=network.never_ids)
    shape = graph.add(
        "Concat", [graph.add("Shape", ["input_ids"]), graph.ints(network.vocab_size)], axis=0
    )
    graph.add("Reshape", [log_probs, shape], name="log_probs")
    graph.output("log_probs", ["batch", 1 if is_step else "time", network.vocab_size])
    for name, part in state.items():
        graph.output(NEXT + name, ["batch", len(part)])
    return OnnxNetwork(model=graph.model(metadata), state=state, is_step=is_step)


def _add_stack(graph: GraphBuilder, network: RecurrentLanguageModel, vectors: str) -> str:
    """Add all layers; the operators of ONNX have the time axis first."""
    hidden = graph.add("Transpose", [vectors], perm=[1, 0, 2])
    for depth, cell in enumerate(network.core.layers):
        add = add_native_layer if type(cell) in NATIVE_CELLS else add_step_layer
        names = [f"layer_{depth}.{name}" for name in cell.state_names]
        outputs, after = add(
            graph, cell, inputs=hidden, state=names, prefix=f"layer_{depth}.weights"
        )
        if depth and network.core.residual:
            outputs = graph.add("Add", [outputs, hidden])
        hidden = outputs
        for name, part in zip(names, after, strict=True):
            graph.add("Identity", [part], name=NEXT + name)
    return graph.add("Transpose", [hidden], perm=[1, 0, 2])


def _checked(model: LanguageModel) -> RecurrentLanguageModel:
    """Return the model if a graph can hold it."""
    if type(model) is not RecurrentLanguageModel:
        reason = _REASONS.get(model.family, "its layers have no operators")
        raise _refusal(f"this model is of the family {model.family}: {reason}")
    for cell in model.core.layers:
        _check_cell(cell)
    if type(model.output) not in _HEADS:
        raise _refusal(f"this model has the output head {type(model.output).__name__}")
    if "zoneout" in model.core.regularizer.kinds:
        raise _refusal(
            "this model was trained with zoneout, which averages successive states; the operators "
            "LSTM, GRU and RNN cannot"
        )
    return model


def _check_cell(cell: nn.Module | AnyCell) -> None:
    if type(cell) not in (*NATIVE_CELLS, *STEP_CELLS):
        raise _refusal(f"this model has the cell {type(cell).__name__}, which has no operator")


def _refusal(reason: str) -> ConfigError:
    return ConfigError(
        f"an ONNX file holds a recurrent network whose state is a fixed number of vectors, but "
        f"{reason}.",
        help="Export a model of the recipes lstm-small, lstm-projected, gru, elman or min-lstm.",
    )
