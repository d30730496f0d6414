"""Evaluating models that adapt to the text: with a continuous cache, or dynamically."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from nextword.api.model import Model
from nextword.api.texts import Texts, held_out_text, named_corpus, require_alone
from nextword.base import (
    ConfigError,
    DataError,
    Layer,
    decode_layers,
    did_you_mean,
    parse_override,
    require,
    settings,
)
from nextword.evaluation import (
    DEFAULT_BATCH_SIZE,
    DynamicConfig,
    PerplexityCard,
    evaluate_dynamic,
    evaluate_with_cache,
    no_gain_note,
    shared_documents,
    shares_passages,
    tune_cache,
    tune_dynamic,
)
from nextword.models import ContinuousCacheConfig, NeuralLanguageModel
from nextword.text import Corpus
from nextword.tokens import Reset, TokenStore, build_store

if TYPE_CHECKING:
    from nextword.training import ProgressCallback

#: The settings that are chosen on a text, for each adaptation.
TUNED_SETTINGS = {
    "cache": ("cache.theta", "cache.weight"),
    "dynamic": ("dynamic.learning_rate", "dynamic.decay"),
}
_logger = logging.getLogger(__name__)


@settings()
@dataclass(frozen=True, kw_only=True)
class AdaptationSettings:
    """The sections of settings that `--set` of `nextword evaluate` changes.

    Attributes:
        cache: The continuous cache.
        dynamic: Dynamic evaluation.
    """

    cache: ContinuousCacheConfig = field(default_factory=ContinuousCacheConfig)
    dynamic: DynamicConfig = field(default_factory=DynamicConfig)


def adaptation_settings(overrides: Sequence[str] = ()) -> AdaptationSettings:
    """Return the settings of the cache and of dynamic evaluation.

    Args:
        overrides: Changes of the form `cache.theta=0.3`.

    Raises:
        ConfigError: A setting is unknown or out of range.

    Example:
        >>> adaptation_settings(["cache.size=500"]).cache.size
        500
    """
    layers = [Layer(parse_override(text), source="--set") for text in overrides]
    return decode_layers(AdaptationSettings, layers)


def adapted_cards(
    model: Model,
    texts: Texts | None = None,
    *,
    split: str | None = None,
    cache: ContinuousCacheConfig | None = None,
    dynamic: DynamicConfig | None = None,
    tune: Texts | None = None,
    fixed: Collection[str] = (),
    reset: Reset | None = None,
    batch_size: int | None = None,
    name: str | None = None,
    on_progress: "ProgressCallback | None" = None,
) -> list[PerplexityCard]:
    """Evaluate a neural model that adapts to the text, and return a card for each adaptation.

    Args:
        model: The model; it does not change.
        texts: Files, folders, globs or `stdlib:`, or a corpus, to evaluate on.
        split: Held-out text of the model's own run, instead of `texts`: `valid` or `test`.
        cache: Settings of the continuous cache; no card for it when None.
        dynamic: Settings of dynamic evaluation; no card for it when None.
        tune: Text on which theta and weight of the cache, and learning rate and decay of dynamic
            evaluation, are chosen; the given ones are used when None.
        fixed: Names of settings that keep their given values while the others are chosen, such as
            `cache.theta`.
        reset: Where the state is reset: `never`, `document` or `line`; as in training when None.
        batch_size: Number of units in a batch; 32 when None. Only the speed depends on it.
        name: Name of the model on the card; its path when None.
        on_progress: Called with (stage, done, total) while texts are encoded and scored.

    Raises:
        ConfigError: The model is not neural, both `texts` and `split` are given, or neither, or the
            model has no run with such a text; or `fixed` leaves nothing to tune.
        DataError: The text to tune on and the text to evaluate on have parts in common.
    """
    if tune is not None:
        wanted = {"cache": cache is not None, "dynamic": dynamic is not None}
        require_tunable([kind for kind, is_wanted in wanted.items() if is_wanted], fixed=fixed)
    job = _Job(
        model,
        texts,
        split=split,
        fixed=fixed,
        reset=reset,
        batch_size=batch_size,
        name=name,
        hook=on_progress,
    )
    tuning = None if tune is None else job.tuning_text(named_corpus(tune, None))
    cards = []
    if cache is not None:
        cards.append(job.with_cache(cache, tuning))
    if dynamic is not None:
        cards.append(job.dynamic(dynamic, tuning))
    return cards


def require_tunable(kinds: Sequence[str], *, fixed: Collection[str]) -> None:
    """Raise an error if no setting is left that can be chosen on a text.

    Args:
        kinds: The adaptations: `cache`, `dynamic` or both.
        fixed: Names of settings that keep their values.

    Raises:
        ConfigError: Nothing is left to tune, or a name in `fixed` is not that of a tuned setting.
    """
    known = [name for names in TUNED_SETTINGS.values() for name in names]
    for name in fixed:
        require(name in known, f"{name!r} is not a tuned setting.", help=did_you_mean(name, known))
    tuned = [name for kind in kinds for name in TUNED_SETTINGS[kind]]
    require(
        not tuned or not set(tuned) <= set(fixed),
        f"nothing is left to tune: the values of {', '.join(tuned)} are given.",
        help="Leave out one of them, or the text to tune on (--tune).",
    )


@dataclass(frozen=True, kw_only=True)
class _TuningText:
    """The text that settings are chosen on."""

    name: str
    store: TokenStore


class _Job:
    """One model on one text."""

    def __init__(
        self,
        model: Model,
        texts: Texts | None,
        *,
        split: str | None,
        fixed: Collection[str],
        reset: Reset | None,
        batch_size: int | None,
        name: str | None,
        hook: "ProgressCallback | None",
    ) -> None:
        self.network = require_neural(model)
        self.tokenizer = model.tokenizer
        self.fixed = fixed
        self.reset: Reset = model.reset if reset is None else reset
        self.batch_size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
        self.name = str(model.path) if name is None else name
        self.hook = hook
        if split is None:
            corpus = named_corpus(texts, None)
            self.store, self.source = self.encoded(corpus), corpus.description
        else:
            require_alone(split, texts=texts, text=None)
            self.store = held_out_text(model.path, self.tokenizer, split=split)
            self.source = f"{split} text of {model.path.parent}"

    def encoded(self, corpus: Corpus) -> TokenStore:
        hook = None if self.hook is None else partial(self.hook, "encoding the text")
        return build_store(corpus, self.tokenizer, folder=None, on_progress=hook)

    def tuning_text(self, corpus: Corpus) -> _TuningText:
        store = self.encoded(corpus)
        shared = shared_documents(store, other=self.store)
        if shared or shares_passages(store, other=self.store):
            name = corpus.description
            if shared:
                name = next(islice(corpus, shared[0], None)).name
            raise DataError(
                f"the settings are to be tuned on {name}, which is also in the text that is "
                "evaluated, as a whole or in part; the perplexity would be too low.",
                help="Tune on other text, such as the validation text of the training.",
            )
        return _TuningText(name=corpus.description, store=store)

    def progress(self, stage: str, total: int | None = None) -> "partial[None] | None":
        return None if self.hook is None else partial(self.hook, stage, total=total)

    def with_cache(
        self, config: ContinuousCacheConfig, tuning: _TuningText | None
    ) -> PerplexityCard:
        note = None
        if tuning is not None:
            tuned = tune_cache(
                self.network,
                tuning.store,
                config=config,
                tokenizer=self.tokenizer,
                reset=self.reset,
                thetas=self.kept("cache.theta", config.theta),
                weights=self.kept("cache.weight", config.weight),
                batch_size=self.batch_size,
                on_progress=self.progress("tuning the cache", tuning.store.num_tokens),
            )
            config, note = tuned.config, no_gain_note(tuned, text=tuning.name)
        card = evaluate_with_cache(
            self.network,
            self.store,
            config=config,
            tokenizer=self.tokenizer,
            name=self.name,
            text=self.source,
            reset=self.reset,
            batch_size=self.batch_size,
            on_progress=self.progress(
                f"scoring tokens by {self.name} with a cache", self.store.num_tokens
            ),
        )
        return self.noted(card, note)

    def dynamic(self, config: DynamicConfig, tuning: _TuningText | None) -> PerplexityCard:
        note = None
        if tuning is not None:
            tuned = tune_dynamic(
                self.network,
                tuning.store,
                config=config,
                tokenizer=self.tokenizer,
                reset=self.reset,
                rates=self.kept("dynamic.learning_rate", config.learning_rate),
                decays=self.kept("dynamic.decay", config.decay),
                on_progress=self.progress("tuning dynamic evaluation"),
            )
            config, note = tuned.config, no_gain_note(tuned, text=tuning.name)
        card = evaluate_dynamic(
            self.network,
            self.store,
            config=config,
            tokenizer=self.tokenizer,
            name=self.name,
            text=self.source,
            reset=self.reset,
            on_progress=self.progress(
                f"scoring tokens by {self.name} dynamically", self.store.num_tokens
            ),
        )
        return self.noted(card, note)

    def kept(self, setting: str, value: float) -> tuple[float, ...] | None:
        """Return the only value of a setting to compare; None if it is to be chosen."""
        return (value,) if setting in self.fixed else None

    def noted(self, card: PerplexityCard, note: str | None) -> PerplexityCard:
        """Return a card with a note, if there is one, and log the note."""
        if note is None:
            return card
        _logger.warning("%s: %s", self.name, note)
        return card.with_note(note)


def require_neural(model: Model) -> NeuralLanguageModel:
    """Return the network of a model.

    Args:
        model: The model.

    Raises:
        ConfigError: The model is not a neural model of nextword.
    """
    if isinstance(model.language_model, NeuralLanguageModel):
        return model.language_model
    raise ConfigError(
        f"{model.path} is a model of the family {model.language_model.family}; the cache compares "
        "hidden vectors and dynamic evaluation changes weights, which only a neural model of "
        "nextword has.",
        help="Leave --cache and --dynamic out, or name a recurrent, maxent, window, convolutional "
        "or transformer model.",
    )
