"""Settings of the output layer, and how they build one."""

from dataclasses import dataclass, replace
from functools import partial

from nextword.base import STRICT, require, require_range
from nextword.layers.embeddings import NARROWING, check_cutoffs, default_cutoffs
from nextword.layers.heads.choice import OutputChoice, choose_output
from nextword.layers.heads.contract import OutputFactory
from nextword.layers.heads.kinds import OUTPUTS


@STRICT
@dataclass(frozen=True, kw_only=True)
class OutputConfig:
    """`output.*`: how hidden vectors become probabilities.

    Attributes:
        kind: `full`, the softmax over the whole vocabulary; `chunked`, the same in less memory;
            `adaptive`, with narrower vectors for rarer words, for large vocabularies; `sampled`,
            the full one trained against words drawn by chance; `auto` chooses one of the first
            three by the size of the vocabulary. Others join by `register_output`.
        cutoffs: Ids at which the clusters of `adaptive` begin, rising; by the size of the
            vocabulary when not given.
        narrowing: How many times narrower `adaptive` makes the vectors of each cluster than those
            of the one before; with 1 all words keep the full width.
        num_samples: Words that `sampled` draws a training step.

    Raises:
        ConfigError: The kind is unknown, or a value is out of range or order.
    """

    kind: str = "auto"
    cutoffs: tuple[int, ...] | None = None
    narrowing: int = NARROWING
    num_samples: int = 1024

    def __post_init__(self) -> None:
        OUTPUTS.check(self.kind)
        require_range("num_samples", self.num_samples, low=1)
        require_range("narrowing", self.narrowing, low=1)
        if self.cutoffs is not None:
            check_cutoffs(self.cutoffs)
            require(
                self.kind == "adaptive",
                f"output.cutoffs is given, but output.kind is {self.kind!r}.",
                help="Set output.kind=adaptive, or leave them out: --set output.cutoffs=",
            )

    def choice(self, *, vocab_size: int, num_positions: int = 0) -> OutputChoice:
        """Say which output it is for a vocabulary, and why; see `choose_output`."""
        if self.kind == "auto":
            return choose_output(vocab_size=vocab_size, num_positions=num_positions)
        return OutputChoice(kind=self.kind, reason="output.kind asks for it")

    def settled(self, *, vocab_size: int, num_positions: int = 0) -> "OutputConfig":
        """Give the settings with nothing left to choose, as a model folder keeps them.

        Example:
            >>> OutputConfig().settled(vocab_size=200_000).cutoffs
            (3125, 12500, 50000)
        """
        kind = self.choice(vocab_size=vocab_size, num_positions=num_positions).kind
        cutoffs = self.cutoffs
        if kind == "adaptive" and cutoffs is None:
            cutoffs = default_cutoffs(vocab_size)
        return replace(self, kind=kind, cutoffs=cutoffs)

    def factory(self, *, vocab_size: int) -> OutputFactory:
        """Give what builds the output; see `OutputFactory`."""
        settled = self.settled(vocab_size=vocab_size)
        factory = OUTPUTS[settled.kind]
        if settled.kind == "adaptive":
            return partial(factory, cutoffs=settled.cutoffs, narrowing=settled.narrowing)
        if settled.kind == "sampled":
            return partial(factory, num_samples=settled.num_samples)
        return factory
