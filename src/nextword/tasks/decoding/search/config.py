"""Settings of a search."""

from dataclasses import dataclass

from nextword.base import require, require_range


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """How targets are searched for and ranked.

    The score of a target Y is (log p(Y | X) + fusion_weight · log p_LM(Y)) / lp(Y) + cp(X, Y). With
    the default weights it is the log-probability of the model.

    Attributes:
        beam_size: Number of partial targets that are kept for each source; 1 is greedy search.
        n_best: Number of targets that are returned for each source, at most `beam_size`.
        length_penalty: The exponent of lp(Y) = ((5 + |Y|) / 6)^length_penalty, which favours longer
            targets; |Y| counts the end token.
        coverage_penalty: The weight of cp(X, Y) = coverage_penalty · Σ_s log min(Σ_t a[t, s], 1),
            which favours targets that attend to every source position.
        fusion_weight: Weight of the language model, if there is one (shallow fusion).
        max_length: Number of tokens after which a target is ended; chosen from the length of the
            source when None.

    Raises:
        ConfigError: A value is out of range.

    Source: [wu2016], section 7; shallow fusion [gulcehre2015].
    """

    beam_size: int = 1
    n_best: int = 1
    length_penalty: float = 0.0
    coverage_penalty: float = 0.0
    fusion_weight: float = 0.0
    max_length: int | None = None

    def __post_init__(self) -> None:
        require_range("beam_size", self.beam_size, low=1)
        require_range("n_best", self.n_best, low=1)
        require(
            self.n_best <= self.beam_size,
            f"n_best is {self.n_best}, but beam_size is {self.beam_size}; a beam finds at most as "
            "many targets as it keeps.",
            help=f"Set the beam to {self.n_best} or more.",
        )
        for name in ("length_penalty", "coverage_penalty", "fusion_weight"):
            require_range(name, getattr(self, name), low=0.0)
        if self.max_length is not None:
            require_range("max_length", self.max_length, low=1)
