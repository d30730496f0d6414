"""Whether the rows of a comparison can be compared, checked before the first training."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from nextword.api import load_language_model
from nextword.base import MismatchError, decode
from nextword.comparison.effects import LIMITS
from nextword.comparison.plan import Budget, Job, tokens_per_update
from nextword.evaluation import Comparability, UnscoredText, comparability, vocabulary_fingerprint
from nextword.families import NeuralModelConfig
from nextword.storage import RunFolder
from nextword.text import Corpus
from nextword.tokens import Tokenizer, VocabularyTokenizer, build_store
from nextword.training import (
    ProgressCallback,
    RunConfig,
    keep_chosen,
    learned_tokenizer,
    read_settings,
)


def require_same_budget(jobs: Sequence[Job], *, runs: Path) -> None:
    """Raise an error if a row was trained with another budget in an earlier call.

    A training of another length has another learning-rate schedule, so such a row could not be
    compared with the others. A run that has no checkpoint yet may get another budget, because its
    training starts from the first update.

    Args:
        jobs: The models.
        runs: Folder of the runs of the comparison.

    Raises:
        MismatchError: A run has another budget.
    """
    for job in jobs:
        run = RunFolder(runs / job.name)
        has_begun = run.has_checkpoint() or run.model_folder.exists()
        if job.config is None or not has_begun or not run.config_file.is_file():
            continue
        values = read_settings(run.read_config(), source=str(run.config_file))
        saved = decode(RunConfig, values, source=str(run.config_file))
        if isinstance(job.config.model, NeuralModelConfig):
            _require_same_limits(job.entry.name, job.config, saved, run=run)


def _require_same_limits(name: str, config: RunConfig, saved: RunConfig, *, run: RunFolder) -> None:
    here, there = keep_chosen(config, saved).training, saved.training
    if tokens_per_update(here) != tokens_per_update(there):
        return  # another setting differs, for which the run is refused
    changed = next((key for key in LIMITS if getattr(here, key) != getattr(there, key)), None)
    if changed is None:
        return
    per_update = tokens_per_update(config.training)
    new, old = (Budget.of(each, tokens_per_update=per_update) for each in (here, there))
    if new == old:
        raise MismatchError(
            f"row {name}: training.{changed} is {getattr(here, changed)}, but the run in "
            f"{run.path} was started with {getattr(there, changed)}.",
            help=f"Give training.{changed} as it was, or choose another --out.",
        )
    former = f"Give {old.options}" if old.options else "Leave --tokens and --minutes out"
    whole = "" if old.tokens is None else f" (whole updates of {per_update:,} tokens)"
    raise MismatchError(
        f"row {name}: the budget is {new.describe()}, but the run in {run.path} was started with "
        f"{old.describe()}{whole}.",
        help=f"{former} as before, or choose another --out.",
    )


def require_comparable(
    jobs: Sequence[Job],
    *,
    train: Corpus,
    measured: Corpus,
    runs: Path,
    on_progress: ProgressCallback | None,
) -> None:
    """Raise an error if no figure of the rows can be compared.

    Rows that are trained here have one tokenizer. Trained models bring their own, so the measured
    text is encoded with each of them, and counted. The trained models are checked first, because
    the tokenizer of the other rows may have to be learned from the training text.

    Args:
        jobs: The models.
        train: The training text.
        measured: The text on which rows are compared.
        runs: Folder of the runs of the comparison.
        on_progress: Called with (stage, done, total).

    Raises:
        CheckpointError: A trained model cannot be loaded.
        MismatchError: The rows cannot be compared.
    """
    names = {job.entry.name: job.entry.source for job in jobs if job.config is None}
    if not names:
        return
    tokenizers: dict[str, Tokenizer] = {
        name: load_language_model(source, on_progress=on_progress).tokenizer
        for name, source in names.items()
    }
    _require_comparable(tokenizers, measured, on_progress)
    trained = next((job for job in jobs if job.config is not None), None)
    if trained is None or trained.config is None or not _has_own_tokenizer(trained.config):
        return
    stored = RunFolder(runs / trained.name).tokens_folder / "tokenizer.json"
    own = (
        VocabularyTokenizer.load(stored)
        if stored.exists()
        else learned_tokenizer(train, trained.config.tokenizer, on_progress=on_progress)
    )
    _require_comparable(tokenizers | {trained.entry.name: own}, measured, on_progress)


def incomparable(found: Comparability) -> MismatchError:
    """Return the error for rows of which no figure can be compared.

    Args:
        found: What can be compared, and why not more.
    """
    return MismatchError(
        f"these models cannot be compared: {found.reason}.",
        help="Train all rows here with one tokenizer, or leave the trained models out.",
    )


def _require_comparable(
    tokenizers: Mapping[str, Tokenizer], corpus: Corpus, on_progress: ProgressCallback | None
) -> None:
    vocabularies = [vocabulary_fingerprint(each) for each in tokenizers.values()]
    if len(set(vocabularies)) == 1:
        return
    hook = None if on_progress is None else partial(on_progress, "encoding the text")
    found = comparability(
        [
            UnscoredText.of(
                build_store(corpus, each, folder=None, on_progress=hook), tokenizer=each, model=name
            )
            for name, each in tokenizers.items()
        ],
        vocabularies,
    )
    if not found.per_text:
        raise incomparable(found)


def _has_own_tokenizer(config: RunConfig) -> bool:
    """Whether the tokenizer is learned from the training text alone."""
    return config.text.init is None and config.embedding.kind != "pretrained"
