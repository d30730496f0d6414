"""The trainings and evaluations of a comparison, resolved before the first one starts."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from shlex import quote

from nextword.api import run_config
from nextword.base import ConfigError, MismatchError, Values, did_you_mean, require
from nextword.comparison.effects import (
    SECTIONS_OF_ALL,
    require_undecided,
    require_used,
    settings_of_all,
)
from nextword.comparison.entries import Entry, error_of_row
from nextword.families import NeuralModelConfig
from nextword.training import RunConfig, TextConfig, TrainingConfig

_STANDARD_INPUT = "-"
#: No training reaches so many epochs: the budget ends it.
_UNLIMITED_EPOCHS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long each row is trained by gradient descent; each recipe's own length if both are None.

    Rows that are fitted by counting read the training text once and ignore the budget.

    Attributes:
        tokens: Number of training targets.
        minutes: Duration in minutes, including validation.
    """

    tokens: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        require(
            self.tokens is None or self.minutes is None,
            "a budget in tokens and one in minutes are both given.",
            help="Leave one of them out.",
        )
        require(
            self.tokens is None or self.tokens >= 1,
            f"the budget is {self.tokens} tokens; it must be at least 1.",
        )
        require(
            self.minutes is None or self.minutes > 0.0,
            f"the budget is {self.minutes} minutes; it must be above 0.",
        )

    @classmethod
    def of(cls, training: TrainingConfig, *, tokens_per_update: int) -> "Budget":
        """Return the budget that gave a row its settings.

        Args:
            training: The settings of the row.
            tokens_per_update: Number of training targets in an update.

        Returns:
            The budget, in tokens that fill the last update; without tokens and minutes if the row
            has the length of its recipe.

        Example:
            >>> training = TrainingConfig(epochs=1_000_000, max_steps=20)
            >>> Budget.of(training, tokens_per_update=700).tokens
            14000
        """
        if training.epochs != _UNLIMITED_EPOCHS:
            return cls()
        steps = training.max_steps
        return cls(
            tokens=None if steps is None else steps * tokens_per_update,
            minutes=training.max_minutes,
        )

    @property
    def options(self) -> str:
        """The options that give this budget; empty without tokens and minutes."""
        if self.tokens is not None:
            return f"--tokens {self.tokens}"
        return "" if self.minutes is None else f"--minutes {self.minutes:.15g}"

    def settings(self, training: TrainingConfig) -> Values:
        """Return the settings that give a row this budget.

        Args:
            training: The settings of the row without the budget.

        Example:
            >>> Budget(tokens=14_000).settings(TrainingConfig(batch_size=20, bptt_steps=35))
            {'training': {'epochs': 1000000, 'max_steps': 20, 'max_minutes': None}}
        """
        if self.tokens is not None:
            steps = -(-self.tokens // tokens_per_update(training))
            limits: Values = {"max_steps": steps, "max_minutes": None}
            if "training.batch_size" in training.by_text:
                # One that follows the size of the text would give updates of other sizes.
                limits["batch_size"] = training.batch_size
        elif self.minutes is not None:
            limits = {"max_steps": None, "max_minutes": self.minutes}
        else:
            return {}
        return {"training": {"epochs": _UNLIMITED_EPOCHS, **limits}}

    def describe(self) -> str:
        """Return the budget as a part of a sentence."""
        if self.tokens is not None:
            return f"{self.tokens:,} training tokens for each network"
        if self.minutes is not None:
            return f"{self.minutes:g} minutes of training for each network"
        return "the length of training of each recipe"


def tokens_per_update(training: TrainingConfig) -> int:
    """Return the number of training targets in an update.

    Args:
        training: The settings of the row.
    """
    return training.batch_size * training.targets_per_update


@dataclass(frozen=True, kw_only=True)
class Job:
    """One model of a row.

    Attributes:
        entry: The row.
        seed: Seed of the training; None for a trained model.
        config: Settings of the training; None for a trained model.
    """

    entry: Entry
    seed: int | None = None
    config: RunConfig | None = None

    @property
    def name(self) -> str:
        """Name of the run folder and of the files of this model."""
        return self.entry.name if self.seed is None else f"{self.entry.name}-{self.seed}"


@dataclass(frozen=True, kw_only=True)
class ComparisonPlan:
    """Everything that a comparison will do.

    Attributes:
        jobs: All models: every row with the first seed, then every row with the second, and so on.
        text: The texts.
        budget: The budget of every trained row.
    """

    jobs: tuple[Job, ...]
    text: TextConfig
    budget: Budget

    @property
    def num_seeds_of_trained(self) -> tuple[int, ...]:
        """Number of seeds of each row that is trained by gradient descent."""
        counts = Counter(
            job.entry.name
            for job in self.jobs
            if job.config is not None and isinstance(job.config.model, NeuralModelConfig)
        )
        return tuple(counts.values())


def plan_comparison(
    entries: Sequence[Entry],
    texts: Sequence[str],
    *,
    settings: Sequence[Mapping[str, object]],
    budget: Budget,
    num_seeds: int,
    row_seeds: Mapping[str, int] | None = None,
) -> ComparisonPlan:
    """Return what a comparison will do.

    Args:
        entries: The rows.
        texts: Training texts.
        settings: Settings of all rows; those of training apply only to rows that are trained by
            gradient descent.
        budget: The budget of every trained row.
        num_seeds: Number of seeds of each row that is trained by gradient descent.
        row_seeds: Number of seeds of single rows, by name.

    Raises:
        ConfigError: No text is named, a text cannot be read twice, or a setting is invalid, has no
            effect on any row, or is decided by the budget or the seeds.
        MismatchError: Two rows would have different texts or tokenizers.
    """
    require(bool(texts), "no training text is named.", help="Name files, folders or stdlib:.")
    counts = _counts(entries, num_seeds=num_seeds, row_seeds=row_seeds or {})
    for layer in (*settings, *(each for entry in entries for each in entry.settings)):
        require_undecided(layer, budget=budget.options)
    by_seed: list[list[Job]] = [[] for _ in range(max(counts.values()))]
    for entry in entries:
        if entry.is_trained:
            by_seed[0].append(Job(entry=entry))
            _require_one_seed(entry, row_seeds)
            continue
        for seed in range(1, counts[entry.name] + 1):
            config = _config(entry, texts, settings=settings, budget=budget, seed=seed)
            by_seed[seed - 1].append(Job(entry=entry, seed=seed, config=config))
            if not isinstance(config.model, NeuralModelConfig):
                _require_one_seed(entry, row_seeds)
                break
    jobs = tuple(job for jobs in by_seed for job in jobs)
    configs = [(job.entry.name, job.config) for job in jobs if job.config is not None]
    require_used(settings, [config for _, config in configs])
    for section in SECTIONS_OF_ALL:
        _require_equal(section, configs)
    text = _text_config(texts, settings) if not configs else configs[0][1].text
    if _STANDARD_INPUT in (*text.train, *text.valid, *text.test):
        raise ConfigError(
            "a text is standard input, which can be read only once.", help="Name a file."
        )
    return ComparisonPlan(jobs=jobs, text=text, budget=budget)


def require_row(name: str, names: Sequence[str]) -> None:
    """Raise a ConfigError if there is no row of a name.

    Args:
        name: The name.
        names: The names of all rows.
    """
    if name not in names:
        raise ConfigError(f"there is no row {name!r}.", help=did_you_mean(name, names))


def _counts(
    entries: Sequence[Entry], *, num_seeds: int, row_seeds: Mapping[str, int]
) -> dict[str, int]:
    """Return the number of seeds of each row."""
    counts = dict.fromkeys((entry.name for entry in entries), num_seeds)
    for name, count in row_seeds.items():
        require_row(name, list(counts))
        counts[name] = count
    for name, count in counts.items():
        require(count >= 1, f"row {name}: the number of seeds is {count}; it must be at least 1.")
    return counts


def _require_one_seed(entry: Entry, row_seeds: Mapping[str, int] | None) -> None:
    require(
        (row_seeds or {}).get(entry.name, 1) == 1,
        f"row {entry.name} is not trained by gradient descent, so it has one result for all seeds.",
        help="Leave out its number of seeds.",
    )


def _config(
    entry: Entry,
    texts: Sequence[str],
    *,
    settings: Sequence[Mapping[str, object]],
    budget: Budget,
    seed: int,
) -> RunConfig:
    shared = [settings_of_all(layer) for layer in settings]
    try:
        config = run_config(texts, recipe=entry.source, settings=[*shared, *entry.settings])
        if not isinstance(config.model, NeuralModelConfig):
            require(
                config.text.init is None,
                f"a model of the family {config.model.family} is estimated from counts of the "
                f"text; it cannot start from {config.text.init}.",
                help="Leave the row out, or text.init.",
            )
            return config
        layers = [*settings, *entry.settings]
        config = run_config(texts, recipe=entry.source, settings=layers)
        layers += [{"training": {"seed": seed}}, budget.settings(config.training)]
        return run_config(texts, recipe=entry.source, settings=layers)
    except ConfigError as error:
        raise error_of_row(entry.name, error) from error


def _text_config(texts: Sequence[str], settings: Sequence[Mapping[str, object]]) -> TextConfig:
    layers = [{"text": layer["text"]} for layer in settings if "text" in layer]
    return run_config(texts, recipe="ngram-5", settings=layers).text


def _require_equal(section: str, configs: Sequence[tuple[str, RunConfig]]) -> None:
    """Raise an error unless a section of the settings is equal in all rows."""
    for name, config in configs[1:]:
        first_name, first = configs[0]
        here, there = (asdict(getattr(each, section)) for each in (config, first))
        for key, value in here.items():
            if value != there[key]:
                raise MismatchError(
                    f"the rows {first_name} and {name} differ in {section}.{key}: {there[key]!r} "
                    f"and {value!r}. Rows of a comparison have one text and one tokenizer.",
                    help="Set it for all rows, and not for one: --set "
                    + quote(f"{section}.{key}={_as_toml(there[key])}"),
                )


def _as_toml(value: object) -> str:
    """Return a value as `--set` reads it; empty for None, which restores the default."""
    if isinstance(value, str) or value is None:
        return value or ""
    return json.dumps(value)
