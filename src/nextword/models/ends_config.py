"""Build token layers from the settings of embedding, output and regularization."""

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
    """Build the token layers of a network from settings.

    Args:
        vocab_size: Number of token ids.
        boundary_id: The id that is read before the first token of a text.
        never_ids: Ids that are never predicted.
        tied: `model.tied`.
        regularization: Dropout of the embeddings and of the head's inputs.
        embedding: `embedding.*`; its defaults when None.
        output: `output.*`; its defaults when None.

    Raises:
        ConfigError: The embedding and the output head cannot be tied.
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


def input_size(token_layers: TokenLayers, embedding_size: int | None, default: int) -> int:
    """Return the width of the embedding vectors.

    Args:
        token_layers: The token layers of the network.
        embedding_size: `model.embedding_size`.
        default: The width if that is None.

    Raises:
        ConfigError: An embedding size is given, but tokens are one-hot vectors.
    """
    if not token_layers.one_hot:
        return embedding_size or default
    require(
        embedding_size is None,
        f"model.embedding_size is {embedding_size}, but one-hot vectors are as wide as the "
        f"vocabulary, {token_layers.vocab_size:,}.",
        help="Leave model.embedding_size out, or choose another embedding.kind.",
    )
    return token_layers.vocab_size


def _tied_cutoffs(
    output: OutputConfig, embedding: EmbeddingConfig, *, vocab_size: int
) -> tuple[int, ...]:
    """Return the cut-offs of an embedding that is tied to an adaptive softmax; else none."""
    cutoffs = output.resolved(vocab_size=vocab_size).cutoffs
    require(
        cutoffs is None or embedding.kind != "pretrained",
        "the output is adaptive and model.tied is true, so rare words have narrow vectors; those "
        "of embedding.path all have one width.",
        help="Set model.tied=false, or another output.kind.",
    )
    return cutoffs or ()
