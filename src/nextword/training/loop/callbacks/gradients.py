"""Gradients through time while a model is trained: records in the metrics, and a picture."""

import math
from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from nextword.base import Values
from nextword.inspection import GradientProbe, LagCurve
from nextword.models import NeuralLanguageModel
from nextword.optim import Clipped
from nextword.storage import RunFolder
from nextword.training.loop.callbacks.contract import Callback

#: Bins of the histogram of gradient norms per factor of 10.
BINS_PER_DECADE = 10
PICTURE = "gradients.png"


class GradientRecords(Callback):
    """Appends a record of the gradients to the metrics every few updates, and draws them.

    A record has, under `gradients`: the mean, smallest and largest gradient norm before clipping
    since the last record, the share of clipped updates, a histogram of the norms, the norm of the
    gradient of each parameter in this update, and the gradient norm by lag at fixed places of a
    text. The training is not changed: the weights are the same to the last bit without it. The
    first record after a resume covers the updates since then.

    Args:
        run: The run folder.
        model: The model that is trained.
        token_ids: The text whose gradients are measured by lag, (tokens).
        every: Number of updates between records.
    """

    def __init__(
        self, run: RunFolder, model: NeuralLanguageModel, *, token_ids: Tensor, every: int
    ) -> None:
        self._run = run
        self._model = model
        self._every = every
        self._probe = None
        if GradientProbe.fits(model, len(token_ids)):
            self._probe = GradientProbe(model, token_ids)
        self._norms: list[float] = []
        self._num_clipped = 0

    def on_update(self, step: int, clipped: Clipped) -> None:
        """Count the norm, and append a record if it is time."""
        self._norms.append(clipped.norm)
        self._num_clipped += clipped.is_clipped
        if step % self._every == 0:
            self._run.append_metrics({"step": step, "gradients": self._record(clipped)})
            self._norms.clear()
            self._num_clipped = 0

    def on_end(self) -> None:
        """Draw the records of the whole run, if there are any."""
        records = [record for record in self._run.read_metrics() if "gradients" in record]
        if not records:
            return
        # Imported here because matplotlib takes longer to load than a model.
        from nextword.inspection.gradients.training_drawing import draw_gradient_records

        self._run.plots_folder.mkdir(exist_ok=True)
        draw_gradient_records(records, self._run.plots_folder / PICTURE)

    def _record(self, clipped: Clipped) -> Values:
        num_updates = len(self._norms)
        return {
            "num_updates": num_updates,
            "norm_mean": sum(self._norms) / num_updates,
            "norm_min": min(self._norms),
            "norm_max": max(self._norms),
            "clip_rate": self._num_clipped / num_updates,
            "threshold": clipped.threshold,
            "histogram": norm_histogram(self._norms),
            "parameters": parameter_norms(self._model, total=clipped.norm),
            "lags": _lag_values(() if self._probe is None else self._probe.measure()),
        }


def norm_histogram(norms: Sequence[float]) -> dict[str, int]:
    """Return the number of norms in each logarithmic bin.

    Bin b has the norms from 10^(b/10) to 10^((b+1)/10). Norms of 0 are left out.

    Args:
        norms: Gradient norms, finite.

    Example:
        >>> norm_histogram([1.0, 1.1, 100.0])
        {'0': 2, '20': 1}
    """
    bins = Counter(math.floor(BINS_PER_DECADE * math.log10(norm)) for norm in norms if norm > 0.0)
    return {str(number): count for number, count in sorted(bins.items())}


def parameter_norms(model: torch.nn.Module, *, total: float) -> dict[str, float]:
    """Return the norm of each parameter's gradient before clipping.

    Clipping by norm scales all gradients alike, so the norms are scaled back to their total. After
    clipping by value they are only proportional to those of the clipped gradient.

    Args:
        model: The model, with gradients.
        total: Norm of the whole gradient before clipping.
    """
    gradients = {
        name: parameter.grad.coalesce().values() if parameter.grad.is_sparse else parameter.grad
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }
    norms = torch.stack(torch._foreach_norm(list(gradients.values()))).cpu().double()
    scale = total / max(float(norms.norm()), 1e-300)
    return {name: norm * scale for name, norm in zip(gradients, norms.tolist(), strict=True)}


def _lag_values(curves: Sequence[LagCurve]) -> list[Values]:
    return [
        {
            "layer": curve.layer,
            "part": curve.part,
            "means": [float(f"{mean:.4g}") for mean in curve.means],
            "factor": curve.factor,
        }
        for curve in curves
    ]
