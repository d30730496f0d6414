"""One model of a comparison: trained if necessary, evaluated, and stored for the next call."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from nextword.api import Model, load_language_model
from nextword.base import (
    ConfigError,
    DataError,
    FormatError,
    MismatchError,
    Values,
    atomic_writer,
    encode,
    with_nulls,
    write_json,
)
from nextword.comparison.differences import sum_by_line
from nextword.comparison.entries import error_of_row
from nextword.comparison.measuring import result_of_run, token_nll, weight_bytes
from nextword.comparison.plan import Job
from nextword.comparison.rows import SeedResult
from nextword.evaluation import vocabulary_fingerprint
from nextword.storage import RunFolder
from nextword.text import Corpus
from nextword.tokens import TokenStore, build_store
from nextword.training import (
    Callback,
    ProgressCallback,
    RunConfig,
    require_unchanged,
    run_training,
)

#: Folder of the runs in that of a comparison.
RUNS = "runs"
_RESULTS = "results"
_CHECKPOINT_HELP = "Remove the file; the model is then evaluated again."


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """A measured model with the scores of every token.

    Attributes:
        job: The model.
        result: Its figures.
        vocabulary: Fingerprint of its vocabulary.
        nll: Negative log-likelihood of each token of the measured text, (tokens), in nats.
        line_nll: The same summed by line, (lines).
        line_tokens: Number of tokens of each line, (lines).
    """

    job: Job
    result: SeedResult
    vocabulary: str
    nll: Float64[np.ndarray, " tokens"]
    line_nll: Float64[np.ndarray, " lines"]
    line_tokens: Int64[np.ndarray, " lines"]


class Runner:
    """Trains and evaluates the models of a comparison in its folder.

    Args:
        folder: Folder of the comparison.
        corpora: The texts, opened, by part.
        callbacks: Called with a run folder; returns callbacks of its training.
        on_progress: Called with (stage, done, total) before and after trainings.
    """

    def __init__(
        self,
        folder: Path,
        *,
        corpora: dict[str, Corpus],
        callbacks: Callable[[RunFolder], Sequence[Callback]] | None,
        on_progress: ProgressCallback | None,
    ) -> None:
        self._folder = folder
        self._corpora = corpora
        self._callbacks = callbacks
        self._on_progress = on_progress

    @property
    def measured_part(self) -> str:
        """The part of the text on which rows are compared: `test`, or `valid` without a test."""
        return "test" if "test" in self._corpora else "valid"

    def measure(self, job: Job) -> Measured:
        """Train a model if necessary, and evaluate it.

        Args:
            job: The model.

        Raises:
            ConfigError: The settings of its row contradict each other or the text.
            DataError: The text is too short, or its words are not those of the model to start from.
            MismatchError: Its run was started with other settings or another text.
        """
        if job.config is None:
            model, result = self._evaluated(job)
            nll, store = self._scored(model)
        else:
            result, nll = self._trained(job, job.config)
            model = load_language_model(result.model)
            store = self.store_of(model)
        starts = store.unit_starts("line", model.tokenizer.line_end_ids)
        return Measured(
            job=job,
            result=result,
            vocabulary=vocabulary_fingerprint(model.tokenizer),
            nll=nll,
            line_nll=sum_by_line(nll, starts),
            line_tokens=np.diff(starts),
        )

    def store_of(self, model: Model) -> TokenStore:
        """Return the measured text, encoded by the tokenizer of a model.

        Args:
            model: The model.
        """
        hook = self._on_progress
        return build_store(
            self._corpora[self.measured_part],
            model.tokenizer,
            folder=None,
            on_progress=None if hook is None else partial(hook, "encoding the text"),
        )

    def _trained(
        self, job: Job, config: RunConfig
    ) -> tuple[SeedResult, Float64[np.ndarray, " tokens"]]:
        run = RunFolder(self._folder / RUNS / job.name)
        stored = self._stored(job, config, run)
        if stored is not None:
            return stored
        try:
            found = run_training(
                config,
                run.path,
                resume="auto",
                callbacks=self._callbacks,
                on_progress=self._on_progress,
            )
        except MismatchError as error:
            raise MismatchError(
                f"row {job.entry.name}: {error.message}",
                help="Give the texts and the settings of the run, or choose another --out.",
            ) from error
        except (ConfigError, DataError) as error:
            raise error_of_row(job.entry.name, error) from error
        model = load_language_model(found.model)
        result = result_of_run(
            found, model, name=job.entry.name, seed=0 if job.seed is None else job.seed, run=run
        )
        nll, _ = self._scored(model)
        self._store(job, result, nll, key=_key(config, run))
        return result, nll

    def _evaluated(self, job: Job) -> tuple[Model, SeedResult]:
        """Evaluate a model that was trained before."""
        model = load_language_model(job.entry.source)
        cards = {
            part: model.evaluate(corpus, name=job.entry.name, on_progress=self._on_progress)
            for part, corpus in self._corpora.items()
            if part != "train"
        }
        first = next(iter(cards.values()))
        return model, SeedResult(
            name=job.entry.name,
            seed=None,
            model=str(model.path),
            family=first.family,
            num_parameters=first.num_parameters,
            model_bytes=weight_bytes(model.path),
            context_size=model.language_model.context_size,
            train_seconds=None,
            num_tokens_seen=None,
            validation=cards["valid"].to_dict() if "valid" in cards else None,
            test=cards["test"].to_dict() if "test" in cards else None,
        )

    def _scored(self, model: Model) -> tuple[Float64[np.ndarray, " tokens"], TokenStore]:
        store, hook = self.store_of(model), self._on_progress
        nll = token_nll(
            model,
            store,
            reset=model.reset,
            on_progress=None
            if hook is None
            else partial(hook, "scoring each token", total=store.num_tokens),
        )
        return nll, store

    def _files(self, job: Job) -> tuple[Path, Path]:
        folder = self._folder / _RESULTS
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{job.name}.json", folder / f"{job.name}.npy"

    def _store(
        self, job: Job, result: SeedResult, nll: Float64[np.ndarray, " tokens"], *, key: Values
    ) -> None:
        """Save a result, so that a repeated comparison does not evaluate the model again."""
        facts, scores = self._files(job)
        with atomic_writer(scores) as file:
            np.save(file, nll)
        write_json(facts, with_nulls({"format_version": 1, "key": key, "result": result.to_dict()}))

    def _stored(
        self, job: Job, config: RunConfig, run: RunFolder
    ) -> tuple[SeedResult, Float64[np.ndarray, " tokens"]] | None:
        """Return the stored result of a finished run; None if there is none, or it is outdated."""
        facts, scores = self._files(job)
        if not (facts.exists() and scores.exists() and run.config_file.exists()):
            return None
        try:
            require_unchanged(run)
            saved: dict[str, Any] = json.loads(facts.read_bytes())
            if saved["key"] != _key(config, run):
                return None
            result = SeedResult.from_dict(saved["result"])
            return replace(result, name=job.entry.name), np.load(scores, allow_pickle=False)
        except MismatchError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FormatError(f"{facts} is damaged.", help=_CHECKPOINT_HELP) from error


def _key(config: RunConfig, run: RunFolder) -> Values:
    """Return what the stored result of a run depends on: its settings and its model."""
    manifest = run.model_folder / "MANIFEST.json"
    files = json.loads(manifest.read_bytes())["files"] if manifest.exists() else {}
    values: Values = json.loads(
        json.dumps(with_nulls({"settings": encode(config), "model": files}))
    )
    return values
