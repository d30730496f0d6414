"""Settings of the output head, and the choice of its factory."""

from dataclasses import dataclass, replace
from functools import partial

from nextword.base import PositiveInt, require, settings
from nextword.layers.embeddings import NARROWING, check_cutoffs, default_cutoffs
from nextword.layers.heads.choice import OutputChoice, choose_output
from nextword.layers.heads.contract import OutputFactory
from nextword.layers.heads.kinds import OUTPUTS


@settings("output")
@dataclass(frozen=True, kw_only=True)
class OutputConfig:
    """`output.*`: the output head, which turns hidden vectors into probabilities.

    Attributes:
        kind: `full`, the softmax over the whole vocabulary; `chunked`, the same in less memory;
            `adaptive`, with narrower vectors for rarer words, for large vocabularies; `sampled`,
            the full softmax trained against randomly drawn words; `auto` chooses one of the first
            three by the vocabulary size. `register_output` adds others.
        cutoffs: First ids of the clusters of `adaptive` but the first, increasing; chosen by the
            vocabulary size when not given.
        narrowing: Factor by which `adaptive` makes the vectors of each cluster narrower than those
            of the one before; with 1 all words have the full width.
        num_samples: Number of words that `sampled` draws per training step.

    Raises:
        ConfigError: The kind is unknown, or a value is out of range or order.
    """

    kind: str = "auto"
    cutoffs: tuple[int, ...] | None = None
    narrowing: PositiveInt = NARROWING
    num_samples: PositiveInt = 1024

    def __post_init__(self) -> None:
        OUTPUTS.check(self.kind)
        if self.cutoffs is not None:
            check_cutoffs(self.cutoffs)
            require(
                self.kind == "adaptive",
                f"output.cutoffs is given, but output.kind is {self.kind!r}.",
                help="Set output.kind=adaptive, or leave them out: --set output.cutoffs=",
            )

    def choice(self, *, vocab_size: int, num_positions: int = 0) -> OutputChoice:
        """Return the kind of head for a vocabulary, with the reason; see `choose_output`."""
        if self.kind == "auto":
            return choose_output(vocab_size=vocab_size, num_positions=num_positions)
        return OutputChoice(kind=self.kind, reason="output.kind asks for it")

    def resolved(self, *, vocab_size: int, num_positions: int = 0) -> "OutputConfig":
        """Return the settings with every automatic choice made, as a model folder stores them.

        Example:
            >>> OutputConfig().resolved(vocab_size=200_000).cutoffs
            (3125, 12500, 50000)
        """
        kind = self.choice(vocab_size=vocab_size, num_positions=num_positions).kind
        cutoffs = self.cutoffs
        if kind == "adaptive" and cutoffs is None:
            cutoffs = default_cutoffs(vocab_size)
        return replace(self, kind=kind, cutoffs=cutoffs)

    def factory(self, *, vocab_size: int) -> OutputFactory:
        """Return the factory of the head; see `OutputFactory`."""
        resolved = self.resolved(vocab_size=vocab_size)
        factory = OUTPUTS[resolved.kind]
        if resolved.kind == "adaptive":
            return partial(factory, cutoffs=resolved.cutoffs, narrowing=resolved.narrowing)
        if resolved.kind == "sampled":
            return partial(factory, num_samples=resolved.num_samples)
        return factory
