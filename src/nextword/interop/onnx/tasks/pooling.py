"""Pooling of the vectors of the words of a text as ONNX operators."""

from typing import Any

import torch

from nextword.interop.onnx.graph import FLOAT, GraphBuilder
from nextword.interop.onnx.tasks.sequence_layers import add_linear
from nextword.interop.onnx.tasks.words import EncoderOutputs


def add_pooling(graph: GraphBuilder, pooling: Any, *, encoded: EncoderOutputs) -> str:
    """Add the pooling of the words of each text, and return the name of the vectors.

    Args:
        graph: The graph.
        pooling: A `Pooling`.
        encoded: Names of the outputs of the encoder.
    """
    # Texts without words have zeros.
    has_words = graph.add("Greater", [encoded.lengths, graph.tensor("id_0", [0])])
    factor = graph.add("Cast", [graph.add("Unsqueeze", [has_words, graph.ints(1)])], to=FLOAT)
    if pooling.kind == "last":
        return graph.add("Mul", [encoded.final, factor])
    inside = graph.add("Unsqueeze", [encoded.is_word, graph.ints(2)])
    lowest = graph.tensor("lowest", float(torch.finfo(torch.float32).min))
    if pooling.kind == "max":
        masked = graph.add("Where", [inside, encoded.outputs, lowest])
        return graph.add("Mul", [graph.add("ReduceMax", [masked], axes=[1], keepdims=0), factor])
    if pooling.kind == "attention":
        first, _, second = pooling.scorer
        hidden = graph.add(
            "Tanh", [add_linear(graph, encoded.outputs, layer=first, name="attention")]
        )
        scores = add_linear(graph, hidden, layer=second, name="attention.scores")
        weights = graph.add("Softmax", [graph.add("Where", [inside, scores, lowest])], axis=1)
        return graph.add(
            "ReduceSum",
            [graph.add("Mul", [weights, encoded.outputs]), graph.ints(1)],
            keepdims=0,
        )
    total = graph.add("ReduceSum", [encoded.outputs, graph.ints(1)], keepdims=0)
    counts = graph.add("Cast", [graph.add("Max", [encoded.lengths, graph.ints(1)])], to=FLOAT)
    return graph.add("Div", [total, graph.add("Unsqueeze", [counts, graph.ints(1)])])
