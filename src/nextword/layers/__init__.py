"""Layers that every neural network is made of: token input, dropout and output heads.

Code outside this folder imports from here, not from the folders below. Nothing here knows a
recurrent cell, a model family or a training loop.
"""

from nextword.layers.attention import Attention, AttentionKind, SourceMemory
from nextword.layers.dropout import (
    Dropout,
    LockedDropout,
    check_probability,
    drop_tokens,
    keep_mask,
)
from nextword.layers.embeddings import (
    AdaptiveEmbedding,
    EmbeddingConfig,
    VectorFile,
    VectorStream,
    WordVectors,
    embedding_table,
    first_other_words,
    look_up,
    one_hot,
    open_vectors,
    read_vectors,
)
from nextword.layers.heads import (
    OUTPUTS,
    AdaptiveSoftmax,
    Additions,
    ChunkedSoftmax,
    FlatHidden,
    FlatNll,
    FlatTargets,
    FullSoftmax,
    Output,
    OutputChoice,
    OutputConfig,
    OutputFactory,
    SampledSoftmax,
    choose_output,
    cross_entropy,
    linear_cross_entropy,
    register_output,
)
from nextword.layers.sparse_gradients import (
    SparseTable,
    sparse_parameters,
    use_sparse_gradients,
)
from nextword.layers.token_input import TokenInput
from nextword.layers.token_layers import TokenLayers
from nextword.layers.trace import LayerTrace, StepTrace

__all__ = [
    "OUTPUTS",
    "AdaptiveEmbedding",
    "AdaptiveSoftmax",
    "Additions",
    "Attention",
    "AttentionKind",
    "ChunkedSoftmax",
    "Dropout",
    "EmbeddingConfig",
    "FlatHidden",
    "FlatNll",
    "FlatTargets",
    "FullSoftmax",
    "LayerTrace",
    "LockedDropout",
    "Output",
    "OutputChoice",
    "OutputConfig",
    "OutputFactory",
    "SampledSoftmax",
    "SourceMemory",
    "SparseTable",
    "StepTrace",
    "TokenInput",
    "TokenLayers",
    "VectorFile",
    "VectorStream",
    "WordVectors",
    "check_probability",
    "choose_output",
    "cross_entropy",
    "drop_tokens",
    "embedding_table",
    "first_other_words",
    "keep_mask",
    "linear_cross_entropy",
    "look_up",
    "one_hot",
    "open_vectors",
    "read_vectors",
    "register_output",
    "sparse_parameters",
    "use_sparse_gradients",
]
