"""The figures of a comparison: one result for each row and seed, and their mean and spread."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from nextword.base import Values

#: The figure by which rows are compared.
Figure = Literal["perplexity", "bits_per_byte", "perplexity_per_word"]
#: The text on which rows are compared.
Part = Literal["test", "validation"]


@dataclass(frozen=True, kw_only=True)
class SeedResult:
    """One trained model of a row.

    Attributes:
        name: Name of the row.
        seed: Seed of the training; None for a model that was trained before.
        model: The model folder or file.
        family: Family of the model.
        num_parameters: Number of trained parameters.
        model_bytes: Size of the saved weights or counts, in bytes; None if unknown.
        context_size: Number of tokens that a prediction, or a layer of the model, depends on; None
            if there is no limit.
        train_seconds: Duration of the training, validation included; None if it was trained before.
        num_tokens_seen: Number of training targets; None if it was trained before.
        validation: Card on the validation text, as JSON values; None without one.
        test: Card on the test text, as JSON values; None without one.
        curve: Minutes of training and perplexity of each validation.
    """

    name: str
    seed: int | None
    model: str
    family: str
    num_parameters: int
    model_bytes: int | None
    context_size: int | None
    train_seconds: float | None
    num_tokens_seen: int | None
    validation: Values | None
    test: Values | None
    curve: tuple[tuple[float, float], ...] = ()

    @property
    def train_tokens_per_second(self) -> float | None:
        """Training targets per second."""
        if not self.train_seconds or self.num_tokens_seen is None:
            return None
        return self.num_tokens_seen / self.train_seconds

    @property
    def tokenizer(self) -> str:
        """Description of the tokenizer; empty without a card."""
        return str(self._card.get("tokenizer", ""))

    @property
    def reset(self) -> str:
        """Where the state was reset: `never`, `document` or `line`; empty without a card."""
        return str(self._card.get("reset", ""))

    @property
    def _card(self) -> Values:
        return self.test or self.validation or {}

    def figure(self, part: Part, name: str) -> float | None:
        """Return a figure of a card; None without the card, or if it is undefined or infinite.

        Args:
            part: Which card.
            name: Name of the figure.
        """
        card = self.test if part == "test" else self.validation
        return None if card is None else card[name]

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "SeedResult":
        """Return the result that `to_dict` described.

        Args:
            values: The JSON values.
        """
        curve = tuple((float(minutes), float(figure)) for minutes, figure in values["curve"])
        return cls(**{**values, "curve": curve})


@dataclass(frozen=True, kw_only=True)
class Row:
    """All models of one row: the same recipe with different seeds, or one trained model.

    Attributes:
        name: Name of the row.
        results: One result for each seed, at least one unless the training failed.
        failure: Why a training failed; None if all seeds were trained.
        difference: Difference to the best row with its bootstrap interval, as JSON values; None if
            it was not measured.
    """

    name: str
    results: tuple[SeedResult, ...]
    failure: str | None = None
    difference: Values | None = None

    @property
    def first(self) -> SeedResult:
        """The result of the first seed."""
        return self.results[0]

    def values(self, figure: Callable[[SeedResult], float | None]) -> list[float]:
        """Return a figure of every seed; empty if it is undefined for one.

        Args:
            figure: Returns the figure of a result.
        """
        found = [figure(each) for each in self.results]
        return [each for each in found if each is not None] if None not in found else []

    def mean(self, part: Part, name: str) -> float | None:
        """Return the mean of a figure over the seeds; None if it is undefined.

        Args:
            part: Which card.
            name: Name of the figure.
        """
        return mean_of(self.values(lambda each: each.figure(part, name)))

    def spread(self, part: Part, name: str) -> float | None:
        """Return the standard deviation of a figure over the seeds; None with fewer than 2.

        Args:
            part: Which card.
            name: Name of the figure.
        """
        found = self.values(lambda each: each.figure(part, name))
        return statistics.stdev(found) if len(found) > 1 else None

    def to_dict(self, *, measured: Part, figure: Figure) -> Values:
        """Return the row as JSON values: the card of the first seed, and what all seeds have.

        Args:
            measured: The text on which rows are compared.
            figure: The figure by which they are compared.
        """
        if not self.results:
            return {"model": self.name, "failure": self.failure}
        first = self.first
        card = (first.test if measured == "test" else first.validation) or {}
        values: Values = {**card, "model": self.name}
        values |= {
            "model_bytes": first.model_bytes,
            "context_size": first.context_size,
            "train_seconds": mean_of(self.values(lambda each: each.train_seconds)),
            "train_tokens_per_second": mean_of(
                self.values(lambda each: each.train_tokens_per_second)
            ),
            "num_tokens_seen": mean_of(self.values(lambda each: each.num_tokens_seen)),
            "num_seeds": len(self.results),
            "mean": {name: self.mean(measured, name) for name in _FIGURES},
            "spread": {name: self.spread(measured, name) for name in _FIGURES},
            "validation_perplexity": self.mean("validation", "perplexity"),
            "difference": None if self.difference is None else {"of": figure, **self.difference},
            "failure": self.failure,
            "seeds": [_seed_values(each) for each in self.results],
        }
        return values


_FIGURES = ("perplexity", "perplexity_per_word", "bits_per_byte")


def mean_of(values: Sequence[float]) -> float | None:
    """Return the mean of numbers; None if there are none.

    Args:
        values: The numbers.
    """
    return statistics.fmean(values) if values else None


def _seed_values(result: SeedResult) -> Values:
    return {
        "seed": result.seed,
        "model": result.model,
        "perplexity": result.figure("test", "perplexity"),
        "validation_perplexity": result.figure("validation", "perplexity"),
        "train_seconds": result.train_seconds,
        "num_tokens_seen": result.num_tokens_seen,
    }
