"""All measurements of gradients of one model, and the files that show those of several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nextword.base import Values, created_folder
from nextword.inspection.gradients.along import GradientsAlong, gradients_along
from nextword.inspection.gradients.flow import (
    DEFAULT_LAGS,
    DEFAULT_POSITIONS,
    GradientFlow,
    gradient_flow,
)
from nextword.inspection.gradients.itemized import (
    DEFAULT_WINDOW,
    ItemizedWindow,
    itemized_gradients,
)
from nextword.inspection.gradients.saturation import GateSaturation, gate_saturation
from nextword.inspection.passage import Passage
from nextword.inspection.predictions import NextWords, next_words_along
from nextword.inspection.report import Section, write_inspection
from nextword.models import LanguageModel
from nextword.pages import (
    TokenSeries,
    html_table,
    inline_picture,
    paragraph,
    token_figure,
)
from nextword.tokens import Tokenizer

NAME = "gradients"
PICTURE = "gradients.png"
TRAINING_PICTURE = "gradients-training"


@dataclass(frozen=True, kw_only=True)
class GradientResult:
    """The measurements of one model on one text.

    Attributes:
        text: Source of the text.
        num_tokens: Number of tokens read.
        flow: Gradient norms by lag, averaged.
        itemized: Gradient norms of one window, by loss and step.
        gates: How saturated the gates are.
        along: Gradient norms by lag at each token of a piece of the text.
        predictions: What the model predicts after these tokens.
        training: Records that the training wrote into the model's run folder; empty without them.
    """

    text: str
    num_tokens: int
    flow: GradientFlow
    itemized: ItemizedWindow
    gates: tuple[GateSaturation, ...]
    along: GradientsAlong
    predictions: tuple[NextWords, ...]
    training: tuple[Values, ...] = ()

    def to_dict(self) -> Values:
        """Return the measurements as JSON values, without the predictions."""
        return {
            "text": self.text,
            "num_tokens": self.num_tokens,
            **self.flow.to_dict(),
            "gates": [gate.to_dict() for gate in self.gates],
            "itemized": self.itemized.to_dict(),
            "along": self.along.to_dict(),
            "training": list(self.training),
        }


def inspect_gradients(
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    passage: Passage,
    num_lags: int = DEFAULT_LAGS,
    num_positions: int = DEFAULT_POSITIONS,
    window: int = DEFAULT_WINDOW,
    training: Sequence[Values] = (),
) -> GradientResult:
    """Make all measurements of gradients.

    Args:
        model: A neural model.
        tokenizer: Its tokenizer.
        passage: The text.
        num_lags: The largest lag.
        num_positions: Number of positions to average over.
        window: Number of steps of the itemized gradients, at most.
        training: Gradient records of the model's training.

    Returns:
        The measurements, in evaluation mode.

    Raises:
        ConfigError: The model is not neural, or the text is too short.
    """
    flow = gradient_flow(model, passage, num_lags=num_lags, num_positions=num_positions)
    along = gradients_along(model, passage, num_lags=num_lags)
    return GradientResult(
        text=passage.description,
        num_tokens=len(passage),
        flow=flow,
        itemized=itemized_gradients(model, passage, num_steps=min(window, len(passage))),
        gates=gate_saturation(model, passage),
        along=along,
        predictions=tuple(
            next_words_along(
                model, tokenizer, passage=passage, start=along.start, num_tokens=len(along.texts)
            )
        ),
        training=tuple(training),
    )


def write_gradients(folder: Path, results: Mapping[str, GradientResult]) -> Path:
    """Write `gradients.json`, pictures, and the section of `report.html`.

    Args:
        folder: The folder; created if it does not exist.
        results: Measurements by name of the model, at least one.

    Returns:
        The path of the report.
    """
    from nextword.inspection.gradients.drawing import draw_gradient_flow

    with created_folder(folder):
        picture = draw_gradient_flow(
            {name: result.flow for name, result in results.items()}, folder / PICTURE
        )
    parts = [
        paragraph(
            "The norm of the gradient of the loss L[t] with respect to a state s[t-k], k steps "
            "before, averaged over positions t of the text. A factor per step below 1 means that "
            "the gradient vanishes, above 1 that it explodes."
        ),
        inline_picture(picture, alt=_describe(results), caption="Bands: 10% to 90% of positions."),
        html_table(table_header(results), table_rows(results), num_names=2),
        *(paragraph(note) for result in results.values() for note in result.flow.notes),
    ]
    for number, (name, result) in enumerate(results.items(), start=1):
        suffix = f"-{number}" if len(results) > 1 else ""
        parts.extend(_model_parts(folder, name, result, suffix=suffix))
    values = {"models": [{"model": name, **each.to_dict()} for name, each in results.items()]}
    section = Section(name=NAME, title="Gradients through time", parts=parts)
    return write_inspection(folder, section, values=values)


def table_header(results: Mapping[str, GradientResult]) -> tuple[str, ...]:
    """Return the headings of the columns of `table_rows`.

    Args:
        results: Measurements by name of the model.
    """
    lags = {len(curve.means) - 1 for each in results.values() for curve in each.flow.curves}
    last = f"{min(lags)}" if len(lags) == 1 else "last"
    return ("model", "state", "factor per step", "half-life, steps", f"lag {last} / lag 0")


def table_rows(results: Mapping[str, GradientResult]) -> list[tuple[str, ...]]:
    """Return a row for each curve: model, state, factor per step, half-life, and ratio.

    Args:
        results: Measurements by name of the model.
    """
    return [
        (
            name,
            curve.label,
            "-" if curve.factor is None else f"{curve.factor:.3f}",
            "-" if curve.half_life is None else f"{curve.half_life:.1f}",
            "-" if curve.ratio is None else f"{curve.ratio:.2e}",
        )
        for name, result in results.items()
        for curve in result.flow.curves
    ]


def _describe(results: Mapping[str, GradientResult]) -> str:
    """Return the picture of gradients by lag in words."""
    lines = [
        f"{name}, {curve.label}: factor {curve.factor:.3g} per step"
        for name, result in results.items()
        for curve in result.flow.main_curves
        if curve.factor is not None
    ]
    return f"Gradient norm by lag on a logarithmic axis. {'; '.join(lines)}."


def _model_parts(folder: Path, name: str, result: GradientResult, *, suffix: str) -> list[str]:
    """Draw the pictures of one model, and return its part of the report."""
    from nextword.inspection.gradients.drawing import draw_itemized, draw_saturation
    from nextword.inspection.gradients.training_drawing import draw_gradient_records

    window = result.itemized
    parts = [
        paragraph(f"{name}, {result.num_tokens:,} tokens of {result.text}."),
        gradient_text_figure(name, result.along, predictions=result.predictions),
        inline_picture(
            draw_itemized(window, folder / f"itemized{suffix}.png"),
            alt=f"Heat maps of {name}: gradient norm by loss (rows) and step (columns) in a "
            f"window of {len(window.texts)} tokens",
            caption=f"{name}: which step's loss feeds which step. White: no gradient, because the "
            "step is later than the loss.",
        ),
    ]
    if result.gates:
        shares = "; ".join(
            f"layer {gate.layer} {gate.gate.replace('_', ' ')}: {gate.share_low:.0%} below "
            f"{gate.limits[0]:g}, {gate.share_high:.0%} above {gate.limits[1]:g}"
            for gate in result.gates
        )
        parts.append(
            inline_picture(
                draw_saturation(result.gates, folder / f"gates{suffix}.png"),
                alt=f"Histograms of the gates of {name}. {shares}",
                caption=f"{name}: activations of the gates; orange ones are saturated.",
            )
        )
    if result.training:
        steps = [record["step"] for record in result.training]
        parts.append(
            inline_picture(
                draw_gradient_records(result.training, folder / f"{TRAINING_PICTURE}{suffix}.png"),
                alt=f"Gradients of the training of {name}: norms, their histogram, norms by "
                "parameter, and gradients by lag",
                caption=f"{name}: updates {steps[0]} to {steps[-1]} of the training.",
            )
        )
    return parts


def gradient_text_figure(
    name: str, along: GradientsAlong, *, predictions: Sequence[NextWords]
) -> str:
    """Return a text in which each loss shows the states that its gradient reaches, as HTML.

    Args:
        name: Name of the model.
        along: Gradient norms by lag at each token of a piece of text.
        predictions: What the model predicts after these tokens.
    """
    series = [
        TokenSeries(name=f"layer {layer}" if layer else "input embeddings", back=rows)
        for layer, rows in along.norms.items()
    ]
    return token_figure(
        along.texts,
        series=series,
        details=[prediction.describe() for prediction in predictions],
        caption=f"{name}: the states that the loss after the selected token sends its gradient to.",
        start=len(along.texts) - 1,
    )
