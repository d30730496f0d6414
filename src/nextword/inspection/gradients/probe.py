"""The gradient by lag at a few fixed places of a text, measured again and again in training."""

import torch
from torch import Tensor

from nextword.inspection.gradients.curves import LagCurve, lag_curve
from nextword.inspection.gradients.flow import row_norms
from nextword.inspection.rows import Rows, evenly_spaced
from nextword.inspection.steps import with_gradients
from nextword.models import NeuralLanguageModel, inference

PROBE_LAGS = 20
PROBE_ROWS = 8


class GradientProbe:
    """Measures gradient norms by lag at fixed places, without changing the model.

    No random number is drawn, no `.grad` is written, and the modes of the model are restored.

    Args:
        model: The model; its current weights are measured, in evaluation mode.
        token_ids: A text, (tokens). Each place is read from the initial state, with `num_lags`
            tokens before those that are measured.
        num_lags: The largest lag; smaller for a text that is too short.
        num_rows: Number of places, evenly spaced.
    """

    def __init__(
        self,
        model: NeuralLanguageModel,
        token_ids: Tensor,
        *,
        num_lags: int = PROBE_LAGS,
        num_rows: int = PROBE_ROWS,
    ) -> None:
        self._model = model
        self.num_lags = max(1, min(num_lags, (len(token_ids) - 2) // 2))
        length = 2 * self.num_lags + 2
        starts = evenly_spaced(0, len(token_ids) - length + 1, number=num_rows)
        self._windows = token_ids[starts[:, None] + torch.arange(length)].to(torch.int64)

    @staticmethod
    def fits(model: NeuralLanguageModel, num_tokens: int) -> bool:
        """Return whether a model can be measured on a text.

        Args:
            model: The model; a family that does not define `run_layers` cannot be measured.
            num_tokens: Length of the text, at least 4.
        """
        can_be_traced = type(model).run_layers is not NeuralLanguageModel.run_layers
        return can_be_traced and num_tokens >= 4

    def measure(self) -> tuple[LagCurve, ...]:
        """Return the gradient norms by lag of the current weights, as `gradient_flow` does."""
        model, windows = self._model, self._windows.to(self._model.device)
        before = self.num_lags
        with inference(model):
            state = model.advance(
                windows[:, :before].contiguous(), model.initial_state(len(windows))
            )
        rows = Rows(
            token_ids=windows[:, before:-1].contiguous(),
            target_ids=windows[:, before + 1 :].contiguous(),
            state=state.detach(),
            positions=torch.arange(len(windows)),
        )
        with with_gradients(model):
            norms = row_norms(model, rows)
        return tuple(
            lag_curve(values, layer=layer, part=part) for (layer, part), values in norms.items()
        )
