"""From the settings of embedding, output and dropout to the ends of a network."""

from nextword.base import require
from nextword.layers import EmbeddingConfig, OutputConfig, TokenLayers
from nextword.models.config import RegularizationConfig


def build_token_layers(
    *,
    vocab_size: int,
    boundary_id: int,
    never_ids: tuple[int, ...],
    tied: bool,
    regularization: RegularizationConfig,
    embedding: EmbeddingConfig | None = None,
    output: OutputConfig | None = None,
) -> TokenLayers:
    """Say how a network reads and predicts tokens.

    Args:
        vocab_size: Number of token ids.
        boundary_id: The id that is read before the first token of a text.
        never_ids: Ids that are never predicted.
        tied: `model.tied`.
        regularization: What is dropped at the ends.
        embedding: What stands for tokens.
        output: How they are predicted.

    Raises:
        ConfigError: Embedding and output do not fit together.
    """
    embedding, output = embedding or EmbeddingConfig(), output or OutputConfig()
    return TokenLayers(
        vocab_size=vocab_size,
        boundary_id=boundary_id,
        never_ids=never_ids,
        one_hot=embedding.kind == "one_hot",
        frozen=embedding.frozen,
        tied=tied,
        output=output.factory(vocab_size=vocab_size),
        cutoffs=_tied_cutoffs(output, embedding, vocab_size=vocab_size) if tied else (),
        narrowing=output.narrowing,
        input_dropout=regularization.input_dropout,
        output_dropout=regularization.output_dropout,
        embedding_dropout=regularization.embedding_dropout,
        locked=regularization.locked,
    )


def input_size(ends: TokenLayers, embedding_size: int | None, default: int) -> int:
    """Give the width of the vectors that stand for tokens.

    Args:
        ends: How tokens are read.
        embedding_size: `model.embedding_size`.
        default: What holds where that is not given.

    Raises:
        ConfigError: A width is asked of one-hot vectors.
    """
    if not ends.one_hot:
        return embedding_size or default
    require(
        embedding_size is None,
        f"model.embedding_size is {embedding_size}, but one-hot vectors are as wide as the "
        f"vocabulary, {ends.vocab_size:,}.",
        help="Leave model.embedding_size out, or choose another embedding.kind.",
    )
    return ends.vocab_size


def _tied_cutoffs(
    output: OutputConfig, embedding: EmbeddingConfig, *, vocab_size: int
) -> tuple[int, ...]:
    """Give the cut-offs of an embedding whose vectors are an adaptive softmax's too; else none."""
    cutoffs = output.settled(vocab_size=vocab_size).cutoffs
    require(
        cutoffs is None or embedding.kind != "pretrained",
        "the output is adaptive and model.tied is true, so rare words have narrow vectors; those "
        "of embedding.path all have one width.",
        help="Set model.tied=false, or another output.kind.",
    )
    return cutoffs or ()
