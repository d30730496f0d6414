"""Settings of an n-gram model. Knows nothing of counting."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import STRICT, require, require_range

Smoothing = Literal["kneser_ney", "add_k", "maximum_likelihood"]
UnknownWords = Literal["auto", "closed", "kenlm"]


@STRICT
@dataclass(frozen=True, kw_only=True)
class NgramConfig:
    """`model.*` of the family `ngram`.

    Attributes:
        family: `ngram`.
        order: Tokens in the longest n-grams; a word is predicted from one fewer.
        smoothing: `kneser_ney` (interpolated, modified), `add_k`, or `maximum_likelihood`.
        k: What `add_k` adds to every count.
        prune: For each order the count up to which n-grams are dropped, order 1 first (0 there);
            the last value holds for all higher orders. `kneser_ney` only.
        unknown: `closed` counts `<unk>` like a word. `kenlm` leaves it out of the training text
            and gives it what any unseen word has. `auto` counts it where the text has it.

    Raises:
        ConfigError: A value is out of range or makes no sense for the smoothing.
    """

    family: Literal["ngram"] = "ngram"
    order: int = 5
    smoothing: Smoothing = "kneser_ney"
    k: float = 1.0
    prune: tuple[int, ...] = ()
    unknown: UnknownWords = "auto"

    def __post_init__(self) -> None:
        require_range("model.order", self.order, low=1)
        require_range("model.k", self.k, low=0.0, open_low=True)
        require(
            not any(self.prune) or self.smoothing == "kneser_ney",
            f"model.prune is ({', '.join(map(str, self.prune))}), but smoothing {self.smoothing} "
            "has no back-off to give the pruned counts to.",
            help="Leave model.prune out, or set model.smoothing=kneser_ney.",
        )
        for count in self.prune:
            require_range("model.prune", count, low=0)

    def describe(self) -> str:
        """Say in a few words what it is.

        Example:
            >>> NgramConfig(order=3).describe()
            '3-gram, kneser_ney'
        """
        return f"{self.order}-gram, {self.smoothing}"
