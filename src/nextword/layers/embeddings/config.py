"""Settings of the input embedding. Knows nothing of files or models."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import NonNegativeInt, require, settings


@settings("embedding")
@dataclass(frozen=True, kw_only=True)
class EmbeddingConfig:
    """`embedding.*`: the embedding of input tokens, in every neural family.

    Attributes:
        kind: `trained` from random initial values; `pretrained`, read from a file and then trained;
            or `one_hot`, without an embedding table.
        path: File of pretrained vectors: word2vec (text or binary), GloVe or fastText `.vec`, may
            be compressed (`.gz`, `.bz2`, `.xz`, `.zst`).
        frozen: Whether the table is not trained, including the rows of words that the file lacks.
        add_words: Maximum number of words that are in the file but not in the training text and
            are added to the vocabulary, in the order of the file.

    Raises:
        ConfigError: A setting does not apply to the kind.
    """

    kind: Literal["trained", "pretrained", "one_hot"] = "trained"
    path: str | None = None
    frozen: bool = False
    add_words: NonNegativeInt = 0

    def __post_init__(self) -> None:
        for name in ("path", "frozen", "add_words"):
            require(
                self.kind == "pretrained" or not getattr(self, name),
                f"embedding.{name} is {getattr(self, name)!r}, but embedding.kind is "
                f"{self.kind!r}.",
                help="Set embedding.kind=pretrained, or leave it out.",
            )
