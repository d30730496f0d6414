"""The Jacobians of a model along a text, measured, with the files that show them."""

import math
from dataclasses import dataclass
from pathlib import Path

from nextword.base import Values, created_folder, require_range
from nextword.inspection.jacobians.measures import LayerSpectrum, layer_spectrum
from nextword.inspection.jacobians.steps import step_jacobians
from nextword.inspection.passage import Passage, require_length
from nextword.inspection.predictions import NextWords, next_words_along
from nextword.inspection.report import Section, write_inspection
from nextword.inspection.rows import require_neural
from nextword.inspection.steps import recurrent_layers, with_gradients
from nextword.models import LanguageModel
from nextword.pages import TokenSeries, html_table, inline_picture, paragraph, token_figure
from nextword.tokens import Tokenizer

NAME = "jacobian"
PICTURE = "jacobian.png"
TABLE_HEADER = (
    "layer",
    "cell",
    "largest exponent",
    "factor per step",
    "largest norm",
    "bound",
    "spectral radius",
)
DEFAULT_LAGS = 30
_LAGS = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200)
#: An exponent this close to 0 counts as neither shrinking nor growing.
_NEUTRAL = 0.005
_FEWEST_STEPS, _MOST_STEPS = 16, 200
#: Steps times squared size of the state that are measured when nothing else is asked for.
_EFFORT = 1.6e7


@dataclass(frozen=True, kw_only=True)
class JacobianResult:
    """The measures of a model on one text.

    Attributes:
        text: Source of the text.
        start: Position of the first step measured.
        texts: The text that each step reads, with the white space after words.
        layers: The measures of each recurrent layer, lowest first.
        predictions: What the model predicts after these tokens.
    """

    text: str
    start: int
    texts: tuple[str, ...]
    layers: tuple[LayerSpectrum, ...]
    predictions: tuple[NextWords, ...]

    @property
    def largest_exponent(self) -> float:
        """The largest Lyapunov exponent of the network, in nats per step.

        A layer does not depend on those above it, so this is the largest one of its layers.
        """
        return max(layer.largest_exponent for layer in self.layers)

    @property
    def meaning(self) -> str:
        """The largest exponent in words."""
        exponent = self.largest_exponent
        if exponent == -math.inf:
            return (
                "The largest Lyapunov exponent is -inf: a state is forgotten completely within the "
                "steps measured."
            )
        factor = f"{math.exp(exponent):.3f}"
        start = f"The largest Lyapunov exponent is {exponent:+.4f} nats per step: a small change"
        if abs(exponent) < _NEUTRAL:
            return f"{start} of the state keeps its size (factor {factor} per step)."
        if exponent < 0.0:
            return (
                f"{start} of the state shrinks by the factor {factor} per step, so that the "
                "network forgets it, and gradients vanish at this rate."
            )
        return (
            f"{start} of the state grows by the factor {factor} per step, so that gradients "
            "explode at this rate."
        )

    def to_dict(self) -> Values:
        """Return the measures as JSON values, without the predictions."""
        return {
            "text": self.text,
            "start": self.start,
            "num_steps": len(self.texts),
            "largest_exponent": self.largest_exponent,
            "meaning": self.meaning,
            "texts": self.texts,
            "layers": [layer.to_dict() for layer in self.layers],
        }


def inspect_jacobians(
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    passage: Passage,
    num_lags: int = DEFAULT_LAGS,
    num_steps: int | None = None,
) -> JacobianResult:
    """Measure the Jacobians of the recurrent layers of a model along a text.

    Args:
        model: A model with recurrent layers.
        tokenizer: Its tokenizer.
        passage: The text.
        num_lags: The largest number of steps in a product of Jacobians.
        num_steps: Number of steps to measure; 16 to 200, fewer for larger states, when None.

    Returns:
        The measures, in evaluation mode.

    Raises:
        ConfigError: The model has no recurrent layers, or the text is too short.
    """
    neural = require_neural(model, what="Jacobians")
    with with_gradients(neural):
        layers = recurrent_layers(neural)
    if num_steps is None:
        width = max((sum(layer.cell.state_sizes) for layer in layers), default=1)
        fitting = min(_MOST_STEPS, max(_FEWEST_STEPS, int(_EFFORT / width**2)))
        num_steps = max(num_lags, fitting)
    require_length(passage, num_lags)
    require_range("steps", num_steps, low=num_lags)
    num_steps = min(num_steps, len(passage) - 1)
    start = min(num_lags, len(passage) - num_steps)
    jacobians = step_jacobians(neural, passage, start=start, num_steps=num_steps)
    lags = [lag for lag in _LAGS if lag < num_lags] + [num_lags]
    return JacobianResult(
        text=passage.description,
        start=start,
        texts=passage.shown_texts(start, start + num_steps),
        layers=tuple(
            layer_spectrum(found, layer, lags=lags)
            for found, layer in zip(jacobians, layers, strict=True)
        ),
        predictions=tuple(
            next_words_along(model, tokenizer, passage=passage, start=start, num_tokens=num_steps)
        ),
    )


def table_rows(result: JacobianResult) -> list[tuple[str, ...]]:
    """Return a row for each layer, with the cells of `TABLE_HEADER`.

    Args:
        result: The measures.
    """
    return [
        (
            f"{layer.layer}",
            layer.cell,
            f"{layer.largest_exponent:+.4f}",
            f"{math.exp(layer.largest_exponent):.3f}",
            f"{layer.largest_norm:.3f}",
            "-" if layer.bound is None else f"{layer.bound:.3f}",
            f"{max(layer.spectral_radii):.3f}",
        )
        for layer in result.layers
    ]


def write_jacobians(folder: Path, result: JacobianResult, *, name: str) -> Path:
    """Write `jacobian.json`, `jacobian.png`, and the section of `report.html`.

    Args:
        folder: The folder; created if it does not exist.
        result: The measures.
        name: Name of the model.

    Returns:
        The path of the report.
    """
    from nextword.inspection.jacobians.drawing import draw_spectra

    with created_folder(folder):
        picture = draw_spectra(result.layers, folder / PICTURE)
    matrices = [
        (f"{layer.layer}", matrix.name, f"{matrix.spectral_radius:.3f}", f"{matrix.norm:.3f}")
        for layer in result.layers
        for matrix in layer.matrices
    ]
    parts = [
        paragraph(f"{name}, {len(result.texts)} steps of {result.text}. {result.meaning}"),
        html_table(TABLE_HEADER, table_rows(result), num_names=2),
        paragraph(
            "Norm: largest singular value of dh[t]/dh[t-1], of the whole state of a layer. Bound: "
            "the norm of diag(sigma') W at its largest, for cells that have this Jacobian."
        ),
        inline_picture(
            picture,
            alt=f"Singular values of one step, and of products of steps. {result.meaning}",
            caption="Dashed on the right: the growth of the largest Lyapunov exponent.",
        ),
        html_table(("layer", "recurrent matrix", "spectral radius", "norm"), matrices, num_names=2)
        if matrices
        else "",
        token_figure(
            result.texts,
            series=[
                TokenSeries(
                    name=f"layer {layer.layer}: logarithm of the norm of the step",
                    values=[math.log(max(norm, 1e-300)) for norm in layer.step_norms],
                )
                for layer in result.layers
            ],
            details=[prediction.describe() for prediction in result.predictions],
            caption=f"{name}: how much the step that reads a token can stretch the state. Orange: "
            "a change of the state can grow; blue: it shrinks.",
        ),
    ]
    section = Section(name=NAME, title="Jacobians of a step", parts=parts)
    return write_inspection(folder, section, values={"model": name, **result.to_dict()})
