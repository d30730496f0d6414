"""The features of words and the recurrent layers of an encoder as ONNX operators."""

from dataclasses import dataclass
from typing import Any

from nextword.base import ConfigError
from nextword.interop.exported_tasks import character_filters, layer_cells, with_padding
from nextword.interop.onnx.graph import FLOAT, INT32, INT64, GraphBuilder
from nextword.interop.onnx.native_layers import NATIVE_CELLS
from nextword.interop.onnx.tasks.sequence_layers import SequenceOutputs, add_sequence_layer
from nextword.tasks.encoding import EncoderParts, SequenceEncoder


@dataclass(frozen=True, kw_only=True)
class EncoderOutputs:
    """Names of values of a graph.

    Attributes:
        outputs: Vector of each word, (batch, time, size); 0 at padding.
        final: The last outputs of each direction, (batch, size).
        lengths: Number of words of each text, (batch), int64.
        is_word: Whether each position is a word, (batch, time).
    """

    outputs: str
    final: str
    lengths: str
    is_word: str


def check_encoder(parts: EncoderParts, encoder: SequenceEncoder) -> None:
    """Raise an error if the operators of ONNX cannot compute an encoder.

    Raises:
        ConfigError: They cannot; the message says why.
    """
    if parts.feature_models:
        raise _refusal("this model reads the hidden states of other trained models")
    for cell in (cell for cells in layer_cells(encoder.core) for cell in cells):
        if type(cell) not in NATIVE_CELLS:
            raise _refusal(f"this model has the cell {type(cell).__name__}, which has no operator")


def add_encoder(graph: GraphBuilder, encoder: SequenceEncoder) -> EncoderOutputs:
    """Add the inputs of a graph and the encoder.

    Args:
        graph: The graph. Its inputs become `word_ids`, (batch, time), and for an encoder that reads
            characters `character_ids`, (batch, time, characters).
        encoder: An encoder that `check_encoder` accepts.
    """
    graph.input("word_ids", ["batch", "time"], is_integer=True)
    is_word = graph.add("Greater", ["word_ids", graph.tensor("id_0", [0])])
    lengths = graph.add(
        "ReduceSum", [graph.add("Cast", [is_word], to=INT64), graph.ints(1)], keepdims=0
    )
    # The operators refuse rows without steps.
    at_least_one = graph.add("Max", [lengths, graph.ints(1)])
    steps = graph.add("Cast", [at_least_one], to=INT32)
    parts = []
    if encoder.words is not None:
        table = graph.tensor("words", with_padding(encoder.words.weight))
        parts.append(graph.add("Gather", [table, "word_ids"]))
    if encoder.characters is not None:
        parts.append(_add_characters(graph, encoder))
    vectors = graph.add("Concat", parts, axis=2) if len(parts) > 1 else parts[0]
    hidden = graph.add("Transpose", [vectors], perm=[1, 0, 2])
    found = SequenceOutputs(outputs=hidden, final="")
    for depth, cells in enumerate(layer_cells(encoder.core)):
        found = add_sequence_layer(
            graph, cells, inputs=found.outputs, lengths=steps, prefix=f"layer_{depth}"
        )
    outputs = graph.add("Transpose", [found.outputs], perm=[1, 0, 2])
    # A row without words has one step.
    factors = graph.add("Cast", [graph.add("Unsqueeze", [is_word, graph.ints(2)])], to=FLOAT)
    return EncoderOutputs(
        outputs=graph.add("Mul", [outputs, factors]),
        final=found.final,
        lengths=lengths,
        is_word=is_word,
    )


def _add_characters(graph: GraphBuilder, encoder: SequenceEncoder) -> str:
    """Add the character features, (batch, time, features)."""
    features: Any = encoder.characters
    graph.input("character_ids", ["batch", "time", "characters"], is_integer=True)
    shape = graph.add("Shape", ["character_ids"])
    width = graph.add("Slice", [shape, graph.ints(2), graph.ints(3)])
    rows = graph.add("Concat", [graph.ints(-1), width], axis=0)
    ids = graph.add("Reshape", ["character_ids", rows])
    table = graph.tensor("characters", with_padding(features.embedding))
    # (words, characters, size)
    embedded = graph.add("Gather", [table, ids])
    is_cnn = not hasattr(features, "core")
    add = _add_convolutions if is_cnn else _add_character_lstm
    found = add(graph, encoder, embedded, ids)
    first_two = graph.add("Slice", [shape, graph.ints(0), graph.ints(2)])
    target = graph.add("Concat", [first_two, graph.ints(features.output_size)], axis=0)
    return graph.add("Reshape", [found, target])


def _add_convolutions(
    graph: GraphBuilder, encoder: SequenceEncoder, embedded: str, ids: str
) -> str:
    features: Any = encoder.characters
    channels = graph.add("Transpose", [embedded], perm=[0, 2, 1])
    zero = graph.tensor("number_0.0", 0.0)
    parts = []
    for filters in character_filters(encoder):
        width = filters.shape[2]
        weight = graph.tensor(f"characters.filters.{width}", filters)
        scores = graph.add("Conv", [channels, weight], pads=[width - 1, width - 1])
        highest = graph.add("ReduceMax", [scores], axes=[2], keepdims=0)
        parts.append(graph.add("Max", [highest, zero]))
    joined = graph.add("Concat", parts, axis=1)
    biased = graph.add("Add", [joined, graph.tensor("characters.bias", features.bias)])
    return graph.add("Relu", [biased])


def _add_character_lstm(
    graph: GraphBuilder, encoder: SequenceEncoder, embedded: str, ids: str
) -> str:
    features: Any = encoder.characters
    is_character = graph.add("Greater", [ids, graph.tensor("id_0", [0])])
    counted = graph.add("Cast", [is_character], to=INT64)
    lengths = graph.add("ReduceSum", [counted, graph.ints(1)], keepdims=0)
    steps = graph.add("Cast", [graph.add("Max", [lengths, graph.ints(1)])], to=INT32)
    found = add_sequence_layer(
        graph,
        layer_cells(features.core)[0],
        inputs=graph.add("Transpose", [embedded], perm=[1, 0, 2]),
        lengths=steps,
        prefix="characters.lstm",
    )
    return found.final


def _refusal(reason: str) -> ConfigError:
    return ConfigError(
        "an ONNX file holds taggers and classifiers of words and characters whose cells are "
        f"operators of ONNX, but {reason}.",
        help="Export a model of the recipe tagger or classifier.",
    )
