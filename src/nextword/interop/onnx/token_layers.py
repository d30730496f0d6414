"""Input embeddings and output heads as ONNX operators."""

import math

from torch import Tensor

from nextword.interop.onnx.graph import GraphBuilder
from nextword.layers import AdaptiveEmbedding, AdaptiveSoftmax, Output


def add_embedding(
    graph: GraphBuilder, table: Tensor | AdaptiveEmbedding | None, *, vocab_size: int
) -> str:
    """Add the vectors of the input `input_ids` and return their name.

    Args:
        graph: The graph.
        table: The embedding table, (vocab, size), or its clusters; None for one-hot vectors.
        vocab_size: Number of tokens.

    Returns:
        Name of the vectors, (batch, time, size).
    """
    if isinstance(table, Tensor):
        name = graph.shared_name(table, "embedding")
        return graph.add("Gather", [graph.tensor(name, table), "input_ids"])
    if table is not None:
        return _adaptive_vectors(graph, table)
    # The values of "off" and "on".
    values = graph.add(
        "Concat",
        [
            graph.add("Unsqueeze", [graph.tensor(f"number_{each}", each), graph.ints(0)])
            for each in (0.0, 1.0)
        ],
        axis=0,
    )
    return graph.add("OneHot", ["input_ids", graph.ints(vocab_size), values])


def add_head(graph: GraphBuilder, head: Output, *, hidden: str, never_ids: tuple[int, ...]) -> str:
    """Add the log-probabilities of the next token and return their name.

    Args:
        graph: The graph.
        head: The output head: a full softmax in any of its forms, or an adaptive one.
        hidden: Name of its inputs, (positions, size).
        never_ids: Ids with probability 0.

    Returns:
        Name of the log-probabilities, (positions, vocab).
    """
    bias = head.get_parameter("bias").detach().clone()
    bias[list(never_ids)] = -math.inf
    if isinstance(head, AdaptiveSoftmax):
        return _adaptive_log_probs(graph, head, hidden=hidden, bias=bias)
    weight = head.get_parameter("weight")
    scores = _linear(graph, hidden, weight, bias=bias, name=graph.shared_name(weight, "head"))
    return graph.add("LogSoftmax", [scores], axis=1)


def _linear(graph: GraphBuilder, inputs: str, weight: Tensor, *, bias: Tensor, name: str) -> str:
    names = [graph.tensor(name, weight), graph.tensor(f"{name}.bias", bias)]
    return graph.add("Gemm", [inputs, *names], transB=1)


def _adaptive_vectors(graph: GraphBuilder, table: AdaptiveEmbedding) -> str:
    """Look each id up in the table of each cluster; those of other clusters are not used."""
    vectors = ""
    for number, ((low, high), cluster) in enumerate(zip(table.bounds, table.clusters, strict=True)):
        first = graph.tensor(f"id_{low}", [low])
        inside = graph.add("Sub", ["input_ids", first])
        last = graph.tensor(f"id_{high - low - 1}", [high - low - 1])
        place = graph.add("Max", [graph.add("Min", [inside, last]), graph.tensor("id_0", [0])])
        name = graph.tensor(graph.shared_name(cluster.table, f"words.{number}"), cluster.table)
        found = graph.add("Gather", [name, place])
        if cluster.projection is not None:
            matrix = graph.tensor(f"words.{number}.projection", cluster.projection.T)
            found = graph.add("MatMul", [found, matrix])
        if not vectors:
            vectors = found
            continue
        is_here = graph.add("GreaterOrEqual", ["input_ids", first])
        axis = graph.ints(2)
        vectors = graph.add("Where", [graph.add("Unsqueeze", [is_here, axis]), found, vectors])
    return vectors


def _adaptive_log_probs(
    graph: GraphBuilder, head: AdaptiveSoftmax, *, hidden: str, bias: Tensor
) -> str:
    bounds, clusters = head.words.bounds, head.words.clusters
    head_size = bounds[0][1]
    tails = _linear(graph, hidden, head.tail_weight, bias=head.tail_bias, name="tails")
    frequent = _scores(graph, head, 0, hidden=hidden, bias=bias)
    scores = graph.add("Concat", [frequent, tails], axis=1)
    first = graph.add("LogSoftmax", [scores], axis=1)
    sizes = graph.ints(head_size, *[1] * (len(clusters) - 1))
    words, *rest = graph.add_many("Split", [first, sizes], names=[""] * len(clusters), axis=1)
    parts = [words]
    for number, tail in enumerate(rest, start=1):
        inside = graph.add(
            "LogSoftmax", [_scores(graph, head, number, hidden=hidden, bias=bias)], axis=1
        )
        parts.append(graph.add("Add", [inside, tail]))
    return graph.add("Concat", parts, axis=1)


def _scores(
    graph: GraphBuilder, head: AdaptiveSoftmax, number: int, *, hidden: str, bias: Tensor
) -> str:
    """Add the scores of the words of one cluster."""
    (low, high), cluster = head.words.bounds[number], head.words.clusters[number]
    if cluster.projection is not None:
        name = graph.shared_name(cluster.projection, f"head.{number}.projection")
        hidden = graph.add("MatMul", [hidden, graph.tensor(name, cluster.projection)])
    name = graph.shared_name(cluster.table, f"head.{number}")
    return _linear(graph, hidden, cluster.table, bias=bias[low:high], name=name)
