"""Compare models under one protocol: train and evaluate every row, and write what was found."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nextword.api import load_language_model
from nextword.api.texts import names_of
from nextword.base import (
    ConfigError,
    DivergedError,
    MismatchError,
    Values,
    checked_path,
    nested,
    with_nulls,
    write_bytes,
    write_json,
)
from nextword.comparison.checking import incomparable, require_comparable, require_same_budget
from nextword.comparison.differences import LineScores, difference_to
from nextword.comparison.drawing import draw_comparison
from nextword.comparison.entries import parse_entries
from nextword.comparison.measuring import units_of_lines
from nextword.comparison.page import PAGE_FILE, Side, token_sections, write_page
from nextword.comparison.plan import (
    Budget,
    ComparisonPlan,
    Job,
    plan_comparison,
    require_row,
)
from nextword.comparison.rows import Figure, Part, Row, SeedResult
from nextword.comparison.running import RUNS, Measured, Runner
from nextword.comparison.table import ranked, render_csv, render_markdown
from nextword.evaluation import PerplexityCard, comparability, texts_of_run
from nextword.pages import Printed
from nextword.storage import RunFolder
from nextword.text import Corpus
from nextword.training import Callback, ProgressCallback, open_texts

_logger = logging.getLogger(__name__)

#: Figures of a card that JSON has as null if they are infinite.
_INFINITE = ("nll_sum", "perplexity", "bits_per_token")
#: Files in the folder of a comparison.
JSON_FILE, MARKDOWN_FILE, CSV_FILE = "comparison.json", "comparison.md", "comparison.csv"


@dataclass(frozen=True, kw_only=True)
class ComparisonResult(Printed):
    """The rows of a comparison.

    Attributes:
        folder: Folder of the comparison.
        rows: The rows, best first.
        measured: The text on which rows are compared.
        figure: The figure by which rows are compared.
        protocol: What all rows have in common, where their tokenizers or resets differ, and
            warnings about figures.
    """

    folder: Path
    rows: tuple[Row, ...]
    measured: Part
    figure: Figure
    protocol: str

    def render(self) -> str:
        """Return the table as Markdown."""
        return render_markdown(self.rows, measured=self.measured, figure=self.figure)

    def to_dict(self) -> Values:
        """Return the rows as JSON values."""
        return {
            "rows": [row.to_dict(measured=self.measured, figure=self.figure) for row in self.rows],
            "measured": self.measured,
            "figure": self.figure,
            "protocol": self.protocol,
            "folder": str(self.folder),
        }


def compare(
    texts: str | Path | Sequence[str | Path],
    *,
    models: str | Path | Sequence[str | Path],
    out: str | Path,
    settings: Mapping[str, object] | Sequence[Mapping[str, object]] = (),
    row_settings: Mapping[str, Sequence[Values]] | None = None,
    tokens: int | None = None,
    minutes: float | None = None,
    num_seeds: int = 1,
    row_seeds: Mapping[str, int] | None = None,
    between: tuple[str, str] | None = None,
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None = None,
    on_progress: ProgressCallback | None = None,
    on_result: Callable[[SeedResult, int, int], None] | None = None,
) -> ComparisonResult:
    """Train and evaluate several models under one protocol, and write a table and pictures.

    Each trained row is an ordinary run in `out/runs/NAME-SEED`. If the call is repeated, finished
    runs are not trained again, and an interrupted one is resumed. Further rows and seeds can be
    added, with the same settings and the same budget.

    Args:
        texts: Training texts: files, folders, globs or `stdlib:`.
        models: `SOURCE` or `NAME=SOURCE` for each row; a source is a recipe, a TOML file, `ngram-N`
            or a trained model. One string has rows separated by commas, as on the command line.
        out: Folder of the comparison.
        settings: Nested values, or values with dotted keys, over those of every recipe, such as
            `{"text.test": ["a.txt"]}`.
        row_settings: Layers of nested values for single rows, by name.
        tokens: Number of training targets of each row. The training text is repeated as necessary.
        minutes: Minutes of training of each row, instead of `tokens`. Without both, each recipe
            has its own number of epochs.
        num_seeds: Number of seeds of each row that is trained by gradient descent.
        row_seeds: Number of seeds of single rows, by name.
        between: Two rows to compare token by token on the page; the two best ones when None.
        callbacks: Returns additional callbacks for a run folder.
        on_progress: Called with (stage, done, total) before and after trainings.
        on_result: Called with each result, the number of results so far, and that of all.

    Returns:
        The rows, best first.

    Raises:
        ConfigError: A row, a setting or the budget is invalid.
        DataError: A text cannot be read.
        MismatchError: The rows cannot be compared: they have different tokenizers, or unknown
            words were scored with different vocabularies; or a run was started with other settings
            or another budget.
    """
    layers = list(map(nested, [settings] if isinstance(settings, Mapping) else settings))
    entries = parse_entries(_row_names(models), settings=row_settings)
    names = [entry.name for entry in entries]
    for name in between or ():
        require_row(name, names)
    if between is not None and between[0] == between[1]:
        raise ConfigError(
            f"row {between[0]} is to be compared token by token with itself.",
            help="Name two rows, or leave --between out for the two best ones.",
        )
    plan = plan_comparison(
        entries,
        names_of(texts),
        settings=layers,
        budget=Budget(tokens=tokens, minutes=minutes),
        num_seeds=num_seeds,
        row_seeds=row_seeds,
    )
    comparison = _Comparison(
        plan, checked_path(out), names=names, callbacks=callbacks, on_progress=on_progress
    )
    for number, job in enumerate(plan.jobs, start=1):
        result = comparison.add(job)
        if on_result is not None and result is not None:
            on_result(result, number, len(plan.jobs))
    return comparison.finish(between)


class _Comparison:
    """The results so far."""

    def __init__(
        self,
        plan: ComparisonPlan,
        folder: Path,
        *,
        names: Sequence[str],
        callbacks: Callable[[RunFolder], Sequence[Callback]] | None,
        on_progress: ProgressCallback | None,
    ) -> None:
        require_same_budget(plan.jobs, runs=folder / RUNS)
        corpora = open_texts(plan.text)
        if not corpora.keys() & {"valid", "test"}:
            raise ConfigError(
                "there is no text to measure on.", help="Name --test, or a --split with a share."
            )
        part = "test" if "test" in corpora else "valid"
        require_comparable(
            plan.jobs,
            train=corpora["train"],
            measured=corpora[part],
            runs=folder / RUNS,
            on_progress=on_progress,
        )
        folder.mkdir(parents=True, exist_ok=True)
        self._plan, self._folder, self._names = plan, folder, names
        self._runner = Runner(folder, corpora=corpora, callbacks=callbacks, on_progress=on_progress)
        self._corpus: Corpus = corpora[self._runner.measured_part]
        self._measured: list[Measured] = []
        self._failures: dict[str, str] = {}

    @property
    def _part(self) -> Part:
        return "test" if self._runner.measured_part == "test" else "validation"

    def add(self, job: Job) -> SeedResult | None:
        """Measure a model, and write the tables; None if its training diverged."""
        try:
            self._measured.append(self._runner.measure(job))
        except DivergedError as error:
            self._failures[job.entry.name] = error.message
            _logger.warning("%s has no result, because its training failed: %s", job.name, error)
            return None
        figure = self._figure()
        self._write_tables(self._result(figure))
        return self._measured[-1].result

    def finish(self, between: tuple[str, str] | None) -> ComparisonResult:
        """Write the tables, pictures and the page."""
        if not self._measured:
            raise DivergedError(
                "the training of every row diverged: " + "; ".join(self._failures.values()),
                help="Lower optimizer.learning_rate.",
            )
        result = self._result(self._figure())
        self._write_tables(result)
        pictures = draw_comparison(
            result.rows, self._folder, measured=result.measured, figure=result.figure
        )
        write_page(
            self._folder / PAGE_FILE,
            result.rows,
            measured=result.measured,
            figure=result.figure,
            pictures=pictures,
            protocol=result.protocol,
            between=self._token_sections(result, between),
        )
        return result

    def _figure(self) -> Figure:
        """Return the figure that can be compared.

        Raises:
            MismatchError: None can.
        """
        cards = [self._card(each.result) for each in self._measured]
        found = comparability(cards, [each.vocabulary for each in self._measured])
        if found.per_token:
            return "perplexity"
        if not found.per_text:
            raise incomparable(found)
        if all(card.bits_per_byte is not None for card in cards):
            return "bits_per_byte"
        return "perplexity_per_word"

    def _card(self, result: SeedResult) -> PerplexityCard:
        values = result.test if self._part == "test" else result.validation
        known = {name: value for name, value in (values or {}).items() if value is not None}
        return PerplexityCard(
            **{
                **(values or {}),
                **dict.fromkeys(_INFINITE, math.inf),
                **known,
                "model": result.name,
            }
        )

    def _result(self, figure: Figure) -> ComparisonResult:
        rows = [
            Row(
                name=name,
                results=tuple(
                    each.result for each in self._measured if each.job.entry.name == name
                ),
                failure=self._failures.get(name),
            )
            for name in self._names
        ]
        rows = [row for row in rows if row.results or row.failure]
        rows = ranked(rows, measured=self._part, figure=figure)
        return ComparisonResult(
            folder=self._folder,
            rows=tuple(self._with_differences(rows, figure)),
            measured=self._part,
            figure=figure,
            protocol=self._protocol(),
        )

    def _with_differences(self, rows: Sequence[Row], figure: Figure) -> list[Row]:
        units = None if figure == "perplexity" else units_of_lines(self._corpus, figure)

        def scores(row: Row) -> LineScores:
            seeds = [each for each in self._measured if each.job.entry.name == row.name]
            return LineScores(
                nll=np.stack([each.line_nll for each in seeds]),
                num_units=seeds[0].line_tokens if units is None else units,
            )

        best = rows[0]
        reference = scores(best)
        return [
            replace(
                row,
                difference=difference_to(reference, scores(row), figure=figure, name=best.name),
            )
            if row.results
            else row
            for row in rows
        ]

    def _protocol(self) -> str:
        counts = self._plan.num_seeds_of_trained
        seeds = " to ".join(map(str, sorted({min(counts), max(counts)}))) if counts else "1"
        results = [each.result for each in self._measured]
        tokenizers = _names_by(lambda each: each.tokenizer, results)
        resets = _names_by(lambda each: each.reset, results)
        tokenizer = next(iter(tokenizers)) if len(tokenizers) == 1 else _listed(tokenizers)
        return (
            f"Text: {self._corpus.description}. Tokenizer: {tokenizer}. "
            + (f"State reset: {_listed(resets)}. " if len(resets) > 1 else "")
            + f"Budget: {self._plan.budget.describe()}. Seeds: {seeds}."
            + "".join(f" Warning: {each}." for each in _warnings(results))
        )

    def _write_tables(self, result: ComparisonResult) -> None:
        write_json(self._folder / JSON_FILE, with_nulls({"schema": 1, **result.to_dict()}))
        write_bytes(
            self._folder / MARKDOWN_FILE, f"{result.protocol}\n\n{result.render()}\n".encode()
        )
        content = render_csv(result.rows, measured=result.measured, figure=result.figure)
        write_bytes(self._folder / CSV_FILE, content.encode())

    def _token_sections(
        self, result: ComparisonResult, between: tuple[str, str] | None
    ) -> list[str]:
        """Return the sections about two rows with equal tokenizers; none if there are not two."""
        by_name = {each.job.entry.name: each for each in reversed(self._measured)}
        if between is None:
            known = [by_name[row.name] for row in result.rows if row.results]
            pair = [each for each in known if each.vocabulary == known[0].vocabulary][:2]
        else:
            pair = [by_name[name] for name in between if name in by_name]
        if len(pair) < 2:
            return []
        sides = [
            Side(
                name=each.job.entry.name,
                num_seeds=sum(
                    other.job.entry.name == each.job.entry.name for other in self._measured
                ),
                model=load_language_model(
                    each.job.entry.source if each.job.config is None else each.result.model
                ),
                nll=each.nll,
            )
            for each in pair
        ]
        first, second = sides
        stores = [self._runner.store_of(side.model) for side in sides]
        if not np.array_equal(stores[0].ids, stores[1].ids):
            if between is None:
                return []
            raise MismatchError(
                f"{first.name} and {second.name} cannot be compared token by token: their "
                "tokenizers differ.",
                help="Choose two rows with one tokenizer.",
            )
        texts = texts_of_run(first.model.path, first.model.tokenizer)
        return token_sections(
            first,
            second,
            store=stores[0],
            train=None if texts is None else texts.train,
            text=self._corpus.description,
        )


def _row_names(models: str | Path | Sequence[str | Path]) -> list[str]:
    """Return the name of each row; one string has rows separated by commas."""
    named = models.split(",") if isinstance(models, str) else names_of(models, kind="model")
    return [name.strip() for name in named]


def _warnings(results: Sequence[SeedResult]) -> list[str]:
    """Return the warnings of the cards of all results, each once for a row and a text."""
    found: dict[str, None] = {}
    for result in results:
        for part, card in (("valid", result.validation), ("test", result.test)):
            if card is not None and card.get("note") is not None:
                found[f"{result.name}, {part} text: {card['note']}"] = None
    return list(found)


def _names_by(
    fact: Callable[[SeedResult], str], results: Sequence[SeedResult]
) -> dict[str, list[str]]:
    """Return the names of the rows that have each value of a fact."""
    found: dict[str, list[str]] = {}
    for each in results:
        names = found.setdefault(fact(each), [])
        if each.name not in names:
            names.append(each.name)
    return found


def _listed(names_by_value: Mapping[str, Sequence[str]]) -> str:
    """Return each value with the rows that have it, as a part of a sentence."""
    return "; ".join(f"{value} for {', '.join(names)}" for value, names in names_by_value.items())
