"""Settings of the vectors that stand for tokens. Knows nothing of files or models."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import STRICT, require, require_range


@STRICT
@dataclass(frozen=True, kw_only=True)
class EmbeddingConfig:
    """`embedding.*`: the vectors that stand for tokens, of every neural family.

    Attributes:
        kind: `trained` from random numbers; `pretrained`, read from a file and trained on; or
            `one_hot`, no table at all.
        path: File of pretrained vectors: word2vec (text or binary), GloVe or fastText `.vec`, may
            be compressed (`.gz`, `.bz2`, `.xz`, `.zst`).
        frozen: Whether the table stays as it was read, rows of words that the file lacks too.
        add_words: How many words of the file that the training text lacks may enter the
            vocabulary, the file's first ones first.

    Raises:
        ConfigError: A setting makes no sense for the kind.
    """

    kind: Literal["trained", "pretrained", "one_hot"] = "trained"
    path: str | None = None
    frozen: bool = False
    add_words: int = 0

    def __post_init__(self) -> None:
        require_range("embedding.add_words", self.add_words, low=0)
        for name in ("path", "frozen", "add_words"):
            require(
                self.kind == "pretrained" or not getattr(self, name),
                f"embedding.{name} is {getattr(self, name)!r}, but embedding.kind is "
                f"{self.kind!r}.",
                help="Set embedding.kind=pretrained, or leave it out.",
            )
