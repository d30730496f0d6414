"""The saliency of a model on a text: one prediction or averaged by distance, and its files."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from nextword.base import ConfigError, Values, created_folder, require_range
from nextword.inspection.passage import Passage, require_length
from nextword.inspection.predictions import NextWords, next_words_along
from nextword.inspection.report import Section, write_inspection
from nextword.inspection.rows import evenly_spaced
from nextword.inspection.saliency.attribution import (
    DEFAULT_POINTS,
    Attributions,
    Baseline,
    Method,
    attributions,
)
from nextword.models import LanguageModel
from nextword.pages import TokenSeries, html_table, inline_picture, paragraph, token_figure
from nextword.tokens import Tokenizer

NAME = "saliency"
PICTURE = "saliency.png"
DEFAULT_LAGS = 30
DEFAULT_POSITIONS = 64
_SHOWN_TOKENS = 80


@dataclass(frozen=True, kw_only=True)
class MethodResult:
    """What one method found.

    Attributes:
        method: Name of the method.
        mean_absolute: Mean absolute attribution by lag, in nats.
        rows: For each shown prediction the attributions by lag, lag 0 first.
        completeness_error: Largest difference between the sum of a row and what it should sum to,
            in nats; None for methods that promise no sum.
    """

    method: Method
    mean_absolute: tuple[float, ...]
    rows: tuple[tuple[float, ...], ...]
    completeness_error: float | None

    @property
    def label(self) -> str:
        """The name of the method in words."""
        return self.method.replace("_", " ")

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class SaliencyResult:
    """Which earlier tokens the predictions of a model rest on.

    Attributes:
        text: Source of the text.
        baseline: The vector that stands for no token.
        num_lags: The largest lag.
        num_positions: Number of positions averaged over.
        start: Position in the passage of the first token of `texts`.
        position: Position of the chosen prediction; None if none was chosen.
        texts: The text of each token that is read, with the white space after words.
        first_row: Index in `texts` of the token that the first row's prediction follows.
        methods: What each method found.
        predictions: What the model predicts after the tokens of `texts`.
    """

    text: str
    baseline: Baseline
    num_lags: int
    num_positions: int
    start: int
    position: int | None
    texts: tuple[str, ...]
    first_row: int
    methods: tuple[MethodResult, ...]
    predictions: tuple[NextWords, ...]

    def to_dict(self) -> Values:
        """Return the fields as JSON values, without the predictions."""
        values = asdict(self)
        del values["predictions"]
        return values


def inspect_saliency(
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    passage: Passage,
    position: int | None = None,
    num_lags: int = DEFAULT_LAGS,
    num_positions: int = DEFAULT_POSITIONS,
    baseline: Baseline = "mean",
    num_points: int = DEFAULT_POINTS,
) -> SaliencyResult:
    """Attribute predictions to the tokens before them, by all methods.

    Args:
        model: A neural model.
        tokenizer: Its tokenizer.
        passage: The text.
        position: Number of tokens before the prediction to explain, at least `num_lags` + 1. When
            None, consecutive predictions near the start of the text are explained.
        num_lags: The largest lag.
        num_positions: Number of positions to average over, evenly spaced.
        baseline: `mean`, `zero` or `unknown`; see `attributions`.
        num_points: Number of points of integrated gradients.

    Returns:
        Attributions by lag, averaged, and of the shown predictions.

    Raises:
        ConfigError: The model is not neural, or a number is out of range.
    """
    require_length(passage, num_lags)
    require_range("positions", num_positions, low=1)
    shown = _shown_positions(passage, position, num_lags=num_lags)
    averaged = evenly_spaced(num_lags, len(passage), number=num_positions)
    every = torch.unique(torch.cat([shown, averaged]))
    found = attributions(
        model,
        passage,
        positions=every,
        num_lags=num_lags,
        baseline=baseline,
        unknown_id=tokenizer.unknown_id,
        num_points=num_points,
    )
    start = int(shown[0]) - num_lags
    texts = passage.shown_texts(start, int(shown[-1]) + 1)
    return SaliencyResult(
        text=passage.description,
        baseline=baseline,
        num_lags=num_lags,
        num_positions=len(averaged),
        start=start,
        position=position,
        texts=texts,
        first_row=num_lags,
        methods=tuple(
            _method_result(
                each, shown=torch.isin(every, shown), averaged=torch.isin(every, averaged)
            )
            for each in found.values()
        ),
        predictions=tuple(
            next_words_along(model, tokenizer, passage=passage, start=start, num_tokens=len(texts))
        ),
    )


def _shown_positions(passage: Passage, position: int | None, *, num_lags: int) -> torch.Tensor:
    """Return the positions of the predictions to show: the chosen one, or the first ones."""
    if position is None:
        return torch.arange(num_lags, min(len(passage), num_lags + _SHOWN_TOKENS))
    if not num_lags < position <= len(passage):
        raise ConfigError(
            f"position is {position}; it must be from {num_lags + 1} to {len(passage)}.",
            help=f"A prediction is attributed to the {num_lags} tokens before it (--lags), and the "
            f"passage has {len(passage)}.",
            setting="position",
        )
    return torch.tensor([position - 1])


def _method_result(
    found: Attributions, *, shown: torch.Tensor, averaged: torch.Tensor
) -> MethodResult:
    return MethodResult(
        method=found.method,
        mean_absolute=tuple(found.values[averaged].abs().mean(dim=0).tolist()),
        rows=tuple(tuple(row) for row in found.values[shown].tolist()),
        completeness_error=found.completeness_error,
    )


def table_header(result: SaliencyResult) -> tuple[str, ...]:
    """Return the names of the columns of `table_rows`.

    Args:
        result: The attributions.
    """
    first = ("distance", "token") if result.position is not None else ("distance", "")
    return (*first, *(method.label for method in result.methods))


def table_rows(result: SaliencyResult) -> list[tuple[str, ...]]:
    """Return attributions by distance: of the chosen prediction, or mean absolute ones.

    Args:
        result: The attributions.
    """
    rows = []
    for lag in range(result.num_lags + 1):
        if result.position is None:
            cells = [f"{method.mean_absolute[lag]:.2e}" for method in result.methods]
            rows.append((f"{lag + 1}", "", *cells))
        else:
            token = result.texts[result.first_row - lag].strip(" ")
            cells = [f"{method.rows[0][lag]:+.4f}" for method in result.methods]
            rows.append((f"{lag + 1}", repr(token), *cells))
    return rows


def notes_of(result: SaliencyResult) -> list[str]:
    """Return what was measured and how complete integrated gradients are, in sentences.

    Args:
        result: The attributions.
    """
    unit = "nats of the log-probability of the next token"
    what = f"mean absolute values over {result.num_positions} predictions"
    if result.position is not None:
        what = f"the prediction of token {result.position} of the text"
    notes = [f"In {unit}: {what}. Baseline: {result.baseline}."]
    for method in result.methods:
        if method.completeness_error is not None:
            notes.append(
                f"Completeness: the values of {method.label} sum to the difference from the "
                f"baseline within {method.completeness_error:.2g} nats."
            )
    return notes


def write_saliency(folder: Path, result: SaliencyResult, *, name: str) -> Path:
    """Write `saliency.json`, `saliency.png`, and the section of `report.html`.

    Args:
        folder: The folder; created if it does not exist.
        result: The attributions.
        name: Name of the model.

    Returns:
        The path of the report.
    """
    from nextword.inspection.saliency.drawing import draw_saliency

    with created_folder(folder):
        picture = draw_saliency(result, folder / PICTURE)
    parts = [
        paragraph(f"{name}, {result.text}. {' '.join(notes_of(result))}"),
        _text_figure(name, result),
        inline_picture(
            picture,
            alt="Mean absolute attribution by distance, one line per method, on a logarithmic axis",
            caption=f"Mean over {result.num_positions} predictions.",
        ),
        html_table(table_header(result), table_rows(result), num_names=2),
    ]
    section = Section(name=NAME, title="Saliency: what a prediction rests on", parts=parts)
    return write_inspection(folder, section, values={"model": name, **result.to_dict()})


def _text_figure(name: str, result: SaliencyResult) -> str:
    before: list[tuple[float, ...]] = [()] * result.first_row
    return token_figure(
        result.texts,
        series=[
            TokenSeries(name=method.label, back=[*before, *method.rows])
            for method in result.methods
        ],
        details=[prediction.describe() for prediction in result.predictions],
        caption=f"{name}: what the prediction after the selected token rests on.",
        start=len(result.texts) - 1,
    )
