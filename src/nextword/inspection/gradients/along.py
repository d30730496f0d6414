"""The gradient by lag at each token of a piece of text, for a figure of the text."""

from dataclasses import dataclass

import torch

from nextword.base import Values
from nextword.inspection.gradients.flow import row_norms
from nextword.inspection.passage import Passage
from nextword.inspection.rows import require_neural, rows_of
from nextword.inspection.steps import with_gradients
from nextword.models import LanguageModel

DEFAULT_TOKENS = 150


@dataclass(frozen=True, kw_only=True)
class GradientsAlong:
    """Gradient norms of consecutive losses of a text.

    Attributes:
        start: Position in the passage of the first token.
        texts: The text of each token that is read, with the white space after words.
        norms: For each layer, from 1 (or 0 for the input embeddings), and each token: the norms of
            dL[t]/ds[t-k] for lags k = 0, 1, ..., at most back to the first token.
    """

    start: int
    texts: tuple[str, ...]
    norms: dict[int, tuple[tuple[float, ...], ...]]

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return {
            "start": self.start,
            "texts": self.texts,
            "norms": [{"layer": layer, "norms": rows} for layer, rows in self.norms.items()],
        }


def gradients_along(
    model: LanguageModel, passage: Passage, *, num_lags: int, num_tokens: int = DEFAULT_TOKENS
) -> GradientsAlong:
    """Measure the gradient by lag at consecutive tokens, from the first with enough context on.

    Args:
        model: A neural model.
        passage: The text, longer than the largest lag.
        num_lags: The largest lag.
        num_tokens: Largest number of tokens.
    """
    neural = require_neural(model, what="gradients")
    start = num_lags
    positions = torch.arange(start, min(len(passage), start + num_tokens))
    by_layer: dict[int, list[torch.Tensor]] = {}
    for rows in rows_of(neural, passage, num_steps=num_lags + 1, positions=positions):
        with with_gradients(neural):
            norms = row_norms(neural, rows)
        # The whole state comes after its parts and replaces them.
        for layer, values in {layer: values for (layer, _), values in norms.items()}.items():
            by_layer.setdefault(layer, []).append(values.cpu().double())
    if len(by_layer) > 1:
        del by_layer[0]
    return GradientsAlong(
        start=start,
        texts=passage.shown_texts(start, start + len(positions)),
        norms={
            layer: tuple(
                tuple(row[: index + 1]) for index, row in enumerate(torch.cat(batches).tolist())
            )
            for layer, batches in by_layer.items()
        },
    )
