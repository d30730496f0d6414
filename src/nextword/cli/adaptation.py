"""The options of `nextword evaluate` for models that adapt to the text."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextword.api import AdaptationSettings, Model
    from nextword.cli.progress import ProgressDisplay
    from nextword.evaluation import PerplexityCard
    from nextword.text import Corpus
    from nextword.tokens import Reset


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """What `--cache`, `--dynamic` and `--set` ask for.

    Attributes:
        cache: Whether to add a row with the continuous cache.
        dynamic: Whether to add a row with dynamic evaluation.
        settings: The settings of both.
        fixed: Names of the settings that are given with `--set` and not tuned therefore.
    """

    cache: bool
    dynamic: bool
    settings: "AdaptationSettings | None"
    fixed: frozenset[str]

    @classmethod
    def of(
        cls, *, cache: bool, dynamic: bool, tune: Sequence[str], overrides: Sequence[str]
    ) -> "Adaptation":
        """Return what the options ask for.

        Args:
            cache: Whether `--cache` is given.
            dynamic: Whether `--dynamic` is given.
            tune: Values of `--tune`.
            overrides: Values of `--set`.

        Raises:
            ConfigError: An option or a setting has no effect, or a setting is unknown or out of
                range.
        """
        from nextword.base import require

        wanted = cache or dynamic
        for option, values in (("--tune", tune), ("--set", overrides)):
            require(
                wanted or not values,
                f"{option} {next(iter(values), '')} has no effect without --cache or --dynamic.",
                help=f"Add --cache or --dynamic, or leave {option} out.",
            )
        settings, fixed = None, frozenset[str]()
        if wanted:
            from nextword.api import adaptation_settings
            from nextword.api.adaptation import TUNED_SETTINGS, require_tunable

            settings = adaptation_settings(overrides)
            kinds = [kind for kind, is_on in (("cache", cache), ("dynamic", dynamic)) if is_on]
            given = _given(overrides)
            _require_effects(given, kinds=kinds, rule=settings.dynamic.rule)
            if tune:
                fixed = frozenset(given).intersection(chain(*TUNED_SETTINGS.values()))
                require_tunable(kinds, fixed=fixed)
        return cls(cache=cache, dynamic=dynamic, settings=settings, fixed=fixed)

    def check(self, models: "Sequence[Model]") -> None:
        """Raise an error if no model can adapt; one of several that cannot has no such row.

        Args:
            models: The models to evaluate.

        Raises:
            ConfigError: None of the models is neural.
        """
        if self.settings is None:
            return
        from nextword.api.adaptation import require_neural

        if not any(map(_is_neural, models)):
            require_neural(models[0])

    def cards(
        self,
        model: "Model",
        corpus: "Corpus | None",
        *,
        tune: "Corpus | None",
        split: str | None,
        reset: "Reset | None",
        batch_size: int,
        name: str,
        progress: "ProgressDisplay",
    ) -> "list[PerplexityCard]":
        """Return the further cards of a model: none if it is not neural.

        Args:
            model: The model.
            corpus: The text to evaluate on; None for one of the model's run.
            tune: The text to tune on; None for none.
            split: Which text of the run, if there is no corpus: `valid` or `test`.
            reset: Where the state is reset; as in training when None.
            batch_size: Number of units in a batch.
            name: Name of the model on the cards.
            progress: Shows the progress.
        """
        if self.settings is None or not _is_neural(model):
            return []
        from nextword.api import adapted_cards

        return adapted_cards(
            model,
            corpus,
            split=split,
            cache=self.settings.cache if self.cache else None,
            dynamic=self.settings.dynamic if self.dynamic else None,
            tune=tune,
            fixed=self.fixed,
            reset=reset,
            batch_size=batch_size,
            name=name,
            on_progress=progress.on_progress,
        )


def _given(overrides: Sequence[str]) -> list[str]:
    """Return the names of the settings that `--set` changes."""
    from nextword.base import parse_override

    return [
        f"{section}.{key}"
        for override in overrides
        for section, values in parse_override(override).items()
        for key in values or {}
    ]


def _require_effects(given: Sequence[str], *, kinds: Sequence[str], rule: str) -> None:
    """Raise an error for a setting that changes nothing.

    Args:
        given: Names of the settings that are given.
        kinds: The adaptations that are asked for: `cache`, `dynamic` or both.
        rule: The value of `dynamic.rule`.

    Raises:
        ConfigError: A setting belongs to an adaptation that is not asked for, or to another rule.
    """
    from nextword.base import require

    for name in given:
        kind = name.partition(".")[0]
        require(
            kind in kinds,
            f"--set {name} has no effect without --{kind}.",
            help=f"Add --{kind}, or leave the setting out.",
        )
        require(
            name != "dynamic.epsilon" or rule == "rms",
            f"--set {name} has no effect with dynamic.rule={rule}.",
            help="Add --set dynamic.rule=rms, or leave the setting out.",
        )


def _is_neural(model: "Model") -> bool:
    from nextword.models import NeuralLanguageModel

    return isinstance(model.language_model, NeuralLanguageModel)
