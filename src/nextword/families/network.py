"""Building the input embedding and the output head of a network from its settings."""

from nextword.base import require
from nextword.families.contract import NetworkSpec
from nextword.layers import EmbeddingConfig, OutputConfig, TokenLayers


def build_token_layers(network: NetworkSpec, *, tied: bool) -> TokenLayers:
    """Return the builder of the input embedding and the output head of a network.

    Args:
        network: The vocabulary and the settings of embedding, output head and dropout.
        tied: `model.tied`.

    Raises:
        ConfigError: The embedding and the output head cannot be tied.
    """
    embedding, output, regularization = network.embedding, network.output, network.regularization
    vocab_size = network.vocabulary.vocab_size
    return TokenLayers(
        vocabulary=network.vocabulary,
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


def input_size(layers: TokenLayers, embedding_size: int | None, *, default: int) -> int:
    """Return the size of the input vectors of a network.

    Args:
        layers: The result of `build_token_layers`.
        embedding_size: `model.embedding_size`.
        default: The size if `embedding_size` is None.

    Raises:
        ConfigError: A size is set for one-hot vectors.
    """
    if not layers.one_hot:
        return embedding_size or default
    require(
        embedding_size is None,
        f"model.embedding_size is {embedding_size}, but one-hot vectors are as wide as the "
        f"vocabulary, {layers.vocabulary.vocab_size:,}.",
        help="Leave model.embedding_size out, or choose another embedding.kind.",
    )
    return layers.vocabulary.vocab_size


def require_no_recurrence(network: NetworkSpec, *, family: str) -> None:
    """Raise an error if a setting needs recurrent layers, for a family without them.

    Args:
        network: The settings to check.
        family: Name of the family, for error messages.

    Raises:
        ConfigError: A backend is chosen, or a regularizer that needs recurrent layers.
    """
    network.regularization.require_not_recurrent(family)
    require(
        network.backend == "auto",
        f"training.backend is {network.backend!r}, but a {family} model has no recurrent layers.",
        help="Leave training.backend out.",
    )


def _tied_cutoffs(
    output: OutputConfig, embedding: EmbeddingConfig, *, vocab_size: int
) -> tuple[int, ...]:
    """Return the cutoffs of an adaptive embedding tied to an adaptive softmax; else none."""
    cutoffs = output.resolved(vocab_size=vocab_size).cutoffs
    require(
        cutoffs is None or embedding.kind != "pretrained",
        "the output is adaptive and model.tied is true, so rare words have smaller vectors; those "
        "of embedding.path all have the same size.",
        help="Set model.tied=false, or another output.kind.",
    )
    return cutoffs or ()
