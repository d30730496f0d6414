"""A tagger or a text classifier as an ONNX graph."""

from typing import Any

from nextword.interop.exported_tasks import ngram_sizes, with_padding
from nextword.interop.onnx.graph import GraphBuilder
from nextword.interop.onnx.tasks.pooling import add_pooling
from nextword.interop.onnx.tasks.sequence_layers import add_linear
from nextword.interop.onnx.tasks.words import add_encoder, check_encoder
from nextword.tasks.classification import Classifier
from nextword.tasks.tagging import Tagger


def onnx_task_network(model: Tagger | Classifier, *, metadata: dict[str, str]) -> Any:
    """Build the graph of a tagger or classifier.

    Args:
        model: The model.
        metadata: Texts by name that are stored in the file.

    Returns:
        The `onnx.ModelProto`. Its output is `logits`: (batch, time, labels) of a tagger, before
        its CRF if it has one; (batch, labels) of a classifier.

    Raises:
        ConfigError: The graph cannot hold this model; the message says why.
        MissingExtraError: onnx is not installed.
    """
    check_encoder(model.parts.encoder, model.model.encoder)
    graph = GraphBuilder("nextword")
    encoded = add_encoder(graph, model.model.encoder)
    number: int = model.model.output.out_features
    axes: list[str | int]
    if isinstance(model, Tagger):
        logits = add_linear(graph, encoded.outputs, layer=model.model.output, name="output")
        axes = ["batch", "time", number]
    else:
        pooled = add_pooling(graph, model.model.pooling, encoded=encoded)
        logits = add_linear(graph, pooled, layer=model.model.output, name="output")
        axes = ["batch", number]
        if ngram_sizes(model):
            logits = graph.add("Add", [logits, _add_ngrams(graph, model)])
    graph.add("Identity", [logits], name="logits")
    graph.output("logits", axes)
    return graph.model(metadata)


def _add_ngrams(graph: GraphBuilder, classifier: Classifier) -> str:
    """Add what the n-grams of each text add to its logits, (batch, labels)."""
    features: Any = classifier.model.ngrams
    graph.input("ngram_ids", ["batch", "ngrams"], is_integer=True)
    table = graph.tensor("ngrams", with_padding(features.weight))
    found = graph.add("Gather", [table, "ngram_ids"])
    return graph.add("ReduceSum", [found, graph.ints(1)], keepdims=0)
