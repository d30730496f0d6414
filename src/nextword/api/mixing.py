"""Mixing trained models, with weights tuned on held-out text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nextword.api.loading import load_language_model
from nextword.api.model import Model
from nextword.api.texts import Texts, named_corpus, training_text
from nextword.base import (
    CheckpointError,
    ConfigError,
    MismatchError,
    Values,
    checked_path,
    encode,
    require,
)
from nextword.evaluation import (
    SEEN_TEXTS,
    PerplexityCard,
    TunedMixture,
    describe_tokenizer,
    seen_note,
    tune_mixture,
)
from nextword.families import (
    FAMILIES,
    MixtureConfig,
    MixtureMethod,
    NgramLanguageModel,
    decode_model_settings,
    with_line_resets,
)
from nextword.storage import save_model
from nextword.tokens import Reset, TokenStore, build_store
from nextword.training import write_model_card

if TYPE_CHECKING:
    from nextword.training import ProgressCallback


@dataclass(frozen=True, kw_only=True, eq=False)
class MixtureResult:
    """A mixture that was tuned and saved.

    Attributes:
        model: The saved mixture.
        tuned: Weights and log-likelihoods on the held-out text.
        card: Perplexity of the mixture on that text. Its weights were tuned on it: the perplexity
            of another text is not as low.
        warnings: What falsifies the weights: members that were trained on that text.
    """

    model: Model
    tuned: TunedMixture
    card: PerplexityCard
    warnings: tuple[str, ...] = ()


def mix(
    models: Iterable[str | Path | Model],
    *,
    valid: Texts,
    out: str | Path,
    method: MixtureMethod = "linear",
    num_buckets: int = 1,
    reset: Reset | None = None,
    on_progress: "ProgressCallback | None" = None,
) -> MixtureResult:
    """Mix models with equal tokenizers, and save the mixture as a model folder.

    The folder holds copies of all members, so it can be moved. A mixture is loaded and used like
    any other model. Each member's state is reset where it was in training, when the weights are
    tuned and whenever the mixture is used.

    Args:
        models: At least two models or paths: run folders, model folders or ARPA files.
        valid: Held-out text on which the weights are tuned: files, folders, globs or a corpus.
        out: The model folder to write; it must not exist, or be empty.
        method: `linear` or `log-linear`; see `MixtureConfig`.
        num_buckets: Number of rows of weights. Above 1, the length of the longest context that
            the first n-gram model knows chooses the row.
        reset: Where the states of all members are reset: `never`, `document` or `line`; as in the
            training of each when None.
        on_progress: Called with (stage, done, total) while the text is read.

    Raises:
        CheckpointError: A model cannot be loaded, or the folder exists already.
        ConfigError: There are fewer than two models, the buckets do not fit the models, or some
            members are reset at each document, others never.
        DataError: The text cannot be used.
        MismatchError: The models have different tokenizers.
    """
    if isinstance(models, str | Path | Model) or not isinstance(models, Iterable):
        raise ConfigError(
            f"models is of type {type(models).__name__}; a list of models is expected.",
            help='Pass ["runs/one", "runs/other"].',
        )
    require(valid is not None, "valid is None; no text is given to tune the weights on.")
    models = tuple(models)
    _check_methods(method, num_models=len(models))
    folder = checked_path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CheckpointError(
            f"{folder} exists already; it is not replaced.",
            help="Remove it, or choose another path.",
        )
    members = [
        each if isinstance(each, Model) else load_language_model(each, on_progress=on_progress)
        for each in models
    ]
    _check_members(members)
    common, line_resets = _resets(members) if reset is None else (reset, ())
    corpus = named_corpus(valid, None)
    first = members[0]
    hook = None if on_progress is None else partial(on_progress, "encoding the text")
    store = build_store(corpus, first.tokenizer, folder=None, on_progress=hook)
    trains = [training_text(each.path, each.tokenizer) for each in members]
    warnings = _warnings(members, trains, store)
    tuned = tune_mixture(
        with_line_resets(
            [each.language_model for each in members],
            line_resets,
            line_end_ids=first.tokenizer.vocabulary_spec.line_end_ids,
        ),
        store,
        tokenizer=first.tokenizer,
        method=method,
        num_buckets=num_buckets,
        reset=common,
        on_progress=None
        if on_progress is None
        else partial(on_progress, "tuning the weights", total=store.num_tokens),
    )
    config = _config(members, tuned, reset=common, line_resets=line_resets)
    config[SEEN_TEXTS] = _seen_texts(members, trains, store)
    card = Model.of(tuned.model, first.tokenizer, config=config, path=folder).evaluate(
        corpus, name=str(out), on_progress=on_progress
    )
    text = write_model_card(
        name=folder.name,
        config=config,
        num_parameters=tuned.model.num_parameters,
        cards=[card],
    )
    save_model(folder, tuned.model, config=config, tokenizer=first.tokenizer, card=text)
    saved = Model.of(tuned.model, first.tokenizer, config=config, path=folder, card=text)
    return MixtureResult(model=saved, tuned=tuned, card=card, warnings=warnings)


def _warnings(
    members: Sequence[Model], trains: Sequence[TokenStore | None], store: TokenStore
) -> tuple[str, ...]:
    """Return a warning for each member that was trained on the text that tunes the weights."""
    notes = [
        seen_note(store, train=train, config=member.config)
        for member, train in zip(members, trains, strict=True)
    ]
    return tuple(
        f"{member.path}: {note}; its weight is too large"
        for member, note in zip(members, notes, strict=True)
        if note is not None
    )


def _seen_texts(
    members: Sequence[Model], trains: Sequence[TokenStore | None], store: TokenStore
) -> Values:
    """Return the hashes of the texts that a mixture and its members were fitted to."""
    seen = {
        "trained": {train.text_sha256 for train in trains if train is not None},
        "tuned": {store.text_sha256},
    }
    for member in members:
        for kind, hashes in seen.items():
            hashes.update(member.config.get(SEEN_TEXTS, {}).get(kind, ()))
    return {kind: sorted(hashes) for kind, hashes in seen.items()}


def _check_methods(method: str, *, num_models: int) -> None:
    require(
        method in ("linear", "log-linear"),
        f"the method is {method!r}.",
        help="Choose linear or log-linear.",
    )
    require(
        num_models >= 2,
        f"{num_models} {'model is' if num_models == 1 else 'models are'} given; a mixture has at "
        "least 2.",
        help="Name two or more models.",
    )


def _check_members(members: Sequence[Model]) -> None:
    """Raise an error if models cannot be mixed or saved."""
    for member in members:
        family = member.language_model.family
        if family not in FAMILIES:
            raise ConfigError(
                f"{member.path} is a model of the family {family}, which a model folder of "
                "nextword cannot hold.",
                help="Mix models that nextword has trained, or ARPA files.",
            )
    first = members[0]
    for member in members[1:]:
        if member.tokenizer.fingerprint != first.tokenizer.fingerprint:
            raise MismatchError(
                f"{first.path} and {member.path} have different tokenizers "
                f"({describe_tokenizer(first.tokenizer)} and "
                f"{describe_tokenizer(member.tokenizer)}); a mixture adds the probabilities of "
                "the same tokens.",
                help="Train both on the same text with the same settings of tokenizer.*.",
            )


def _resets(members: Sequence[Model]) -> tuple[Reset, tuple[int, ...]]:
    """Return where a mixture is reset, and the numbers of members that are reset at lines besides.

    Raises:
        ConfigError: Some members are reset at each document, others never.
    """
    # An n-gram model of words forgets the line before by itself.
    kept = [number for number, each in enumerate(members) if not _forgets_lines(each)]
    resets = {members[number].reset: str(members[number].path) for number in kept}
    if not resets:
        resets = {each.reset: str(each.path) for each in members}
    if len(resets) == 1:
        return next(iter(resets)), ()
    if "never" in resets and "document" in resets:
        raise ConfigError(
            f"{resets['never']} was trained with training.reset=never, and {resets['document']} "
            "with training.reset=document. The end of a document is no token, so a mixture can "
            "only reset all of its members there.",
            help="Name one reset for all members, such as --reset document.",
        )
    common: Reset = "document" if "document" in resets else "never"
    return common, tuple(number for number in kept if members[number].reset == "line")


def _forgets_lines(model: Model) -> bool:
    ends = model.tokenizer.vocabulary_spec.line_end_ids
    return (
        isinstance(model.language_model, NgramLanguageModel)
        and model.language_model.boundary_id in ends
    )


def _config(
    members: Sequence[Model], tuned: TunedMixture, *, reset: Reset, line_resets: tuple[int, ...]
) -> Values:
    """Return the content of `config.json` of a mixture."""
    settings = MixtureConfig(
        method=tuned.model.method,
        members=tuple(
            decode_model_settings(each.config, source=str(each.path)) for each in members
        ),
        weights=tuned.model.weights,
        line_resets=line_resets,
    )
    names = " + ".join(
        f"{each.path} (reset at each line)" if number in line_resets else str(each.path)
        for number, each in enumerate(members)
    )
    return {
        "description": f"A {tuned.model.method} mixture of {names}.",
        "model": encode(settings),
        "training": {"reset": reset},
    }
