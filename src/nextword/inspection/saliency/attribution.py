"""How much each earlier token adds to the log-probability of the next one, by three methods."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from nextword.base import ConfigError, did_you_mean, require_range
from nextword.inspection.passage import Passage, require_length
from nextword.inspection.rows import Rows, require_neural, rows_of
from nextword.inspection.steps import with_gradients
from nextword.layers import LayerTrace
from nextword.models import LanguageModel, NeuralLanguageModel, inference

Method = Literal["gradient_x_input", "integrated_gradients", "occlusion"]
METHODS: tuple[Method, ...] = get_args(Method)
Baseline = Literal["mean", "zero", "unknown"]
BASELINES: tuple[Baseline, ...] = get_args(Baseline)
DEFAULT_POINTS = 32
_EMBEDDINGS_AT_ONCE = 4096
_STEPS_AT_ONCE = 16_384


@dataclass(frozen=True, kw_only=True, eq=False)
class Attributions:
    """Attributions of the predictions at some positions to the tokens before, by one method.

    The attributions are in nats: a token with a positive value makes the token that follows the
    position more probable.

    Attributes:
        method: Name of the method.
        values: Attribution to the token k steps before the prediction, (positions, lags); lag 0 is
            the last token that was read.
        totals: Log-probability of the target minus that with every token replaced by the baseline,
            (positions); None for methods whose values do not sum to it.
    """

    method: Method
    values: Float[Tensor, "positions lags"]
    totals: Float[Tensor, " positions"] | None = None

    @property
    def completeness_error(self) -> float | None:
        """Largest difference between the sum of the values and the total, in nats."""
        if self.totals is None:
            return None
        return float((self.values.sum(dim=1) - self.totals).abs().max())


def attributions(
    model: LanguageModel,
    passage: Passage,
    *,
    positions: Tensor,
    num_lags: int,
    methods: Sequence[Method] = METHODS,
    baseline: Baseline = "mean",
    unknown_id: int | None = None,
    num_points: int = DEFAULT_POINTS,
) -> dict[Method, Attributions]:
    """Attribute the log-probability of the token after each position to the tokens before it.

    The tokens more than `num_lags` steps back are part of the context and get no attribution.

    Args:
        model: A neural model; it is measured in evaluation mode.
        passage: The text.
        positions: Positions of the predictions, increasing, each with `num_lags` tokens before.
        num_lags: The largest lag.
        methods: `gradient_x_input`: gradient times (embedding minus baseline);
            `integrated_gradients`: the gradient averaged on the line from the baseline, times the
            same difference; `occlusion`: the change when one token is replaced by the baseline.
        baseline: The vector that stands for no token: the `mean` of all embeddings, `zero`, or
            the embedding of the `unknown` token.
        unknown_id: Id of the unknown token; needed for that baseline.
        num_points: Number of points of integrated gradients on the line.

    Returns:
        The attributions by method.

    Raises:
        ConfigError: The model is not neural, or the text is too short.

    Source: [sundararajan2017].
    """
    neural = require_neural(model, what="saliency")
    require_length(passage, num_lags)
    require_range("points", num_points, low=1)
    vector = baseline_vector(neural, baseline, unknown_id=unknown_id)
    found: dict[Method, list[tuple[Tensor, Tensor | None]]] = {name: [] for name in methods}
    for rows in rows_of(neural, passage, num_steps=num_lags + 1, positions=positions):
        for name in methods:
            found[name].append(_attribute(neural, rows, name, vector, num_points))
    return {
        name: Attributions(
            method=name,
            values=torch.cat([values for values, _ in batches]).flip(1).cpu().double(),
            totals=None
            if batches[0][1] is None
            else torch.cat([total for _, total in batches if total is not None]).cpu().double(),
        )
        for name, batches in found.items()
    }


def baseline_vector(
    model: NeuralLanguageModel, baseline: Baseline, *, unknown_id: int | None = None
) -> Float[Tensor, " embedding_size"]:
    """Return the vector that stands for no token.

    Args:
        model: The model.
        baseline: `mean` of the embeddings of all tokens, `zero`, or `unknown`.
        unknown_id: Id of the unknown token; needed for `unknown`.

    Raises:
        ConfigError: The baseline is `unknown` and no id is given.
    """
    if baseline == "unknown" and unknown_id is None:
        raise ConfigError(
            "the baseline is 'unknown', but no unknown_id is given.",
            help="Pass unknown_id=tokenizer.unknown_id.",
        )
    with inference(model):
        ids = torch.tensor([[unknown_id or 0]], device=model.device)
        one = model.embed(ids)[0, 0]
        if baseline == "unknown":
            return one
        if baseline == "zero":
            return torch.zeros_like(one)
        if model.embedding is None:
            return torch.full_like(one, 1.0 / model.vocab_size)
        total = torch.zeros_like(one)
        every_id = torch.arange(model.vocab_size, device=model.device)
        for ids in torch.split(every_id, _EMBEDDINGS_AT_ONCE):
            total += model.embed(ids[None])[0].sum(dim=0)
        return total / model.vocab_size


def last_log_probs(
    model: NeuralLanguageModel, rows: Rows, *, embeddings: Tensor, step_by_step: bool
) -> Float[Tensor, " rows"]:
    """Return the log-probability of the last target of every row, in nats.

    Args:
        model: The model.
        rows: The ids, targets and states of the rows.
        embeddings: What the layers read, (rows, time, embedding_size).
        step_by_step: Whether to run the layers step by step, so that they can be differentiated in
            evaluation mode on every device.
    """
    scored = torch.zeros_like(rows.target_ids, dtype=torch.bool)
    scored[:, -1] = True
    traces: list[LayerTrace] | None = [] if step_by_step else None
    hidden, _ = model.hidden_from_embeddings(
        embeddings, rows.state, token_ids=rows.token_ids, layer_traces=traces
    )
    nll = model.nll_from_hidden(
        hidden[scored],
        rows.target_ids[scored],
        state=rows.state,
        token_ids=rows.token_ids,
        counted=scored,
    )
    return -nll


def _attribute(
    model: NeuralLanguageModel, rows: Rows, method: Method, baseline: Tensor, num_points: int
) -> tuple[Tensor, Tensor | None]:
    """Return attributions of a batch of rows, (rows, time), and what they should sum to."""
    with inference(model):
        embeddings = model.embed(rows.token_ids)
    if method == "occlusion":
        return _occlusion(model, rows, embeddings, baseline), None
    difference = embeddings - baseline
    if method == "gradient_x_input":
        gradient = _gradient(model, rows, embeddings)
        return (gradient * difference).sum(dim=2), None
    mean = _mean_gradient(model, rows, embeddings, baseline, num_points)
    with inference(model):
        replaced = baseline.expand_as(embeddings).contiguous()
        totals = last_log_probs(model, rows, embeddings=embeddings, step_by_step=False)
        totals = totals - last_log_probs(model, rows, embeddings=replaced, step_by_step=False)
    return (mean * difference).sum(dim=2), totals


def _gradient(model: NeuralLanguageModel, rows: Rows, embeddings: Tensor) -> Tensor:
    with with_gradients(model):
        leaf = embeddings.detach().requires_grad_()
        scores = last_log_probs(model, rows, embeddings=leaf, step_by_step=True)
        [gradient] = torch.autograd.grad(scores.sum(), leaf)
    return gradient


def _mean_gradient(
    model: NeuralLanguageModel, rows: Rows, embeddings: Tensor, baseline: Tensor, num_points: int
) -> Tensor:
    """Average the gradient on the line from the baseline, by Gauss-Legendre quadrature."""
    nodes, weights = (
        torch.from_numpy(each) for each in np.polynomial.legendre.leggauss(num_points)
    )
    shares = (0.5 * (1.0 + nodes)).to(embeddings)
    mean = torch.zeros_like(embeddings)
    for points in torch.split(torch.arange(num_points), _num_copies(rows)):
        line = baseline + shares[points, None, None, None] * (embeddings - baseline)
        gradient = _gradient(model, _repeated(rows, len(points)), line.flatten(0, 1))
        weighted = 0.5 * weights[points].to(embeddings)[:, None, None, None]
        mean += (weighted * gradient.view_as(line)).sum(dim=0)
    return mean


def _occlusion(
    model: NeuralLanguageModel, rows: Rows, embeddings: Tensor, baseline: Tensor
) -> Tensor:
    """Replace one token at a time by the baseline; several replacements are one batch."""
    num_rows, num_steps = rows.token_ids.shape
    changes = []
    with inference(model):
        scores = last_log_probs(model, rows, embeddings=embeddings, step_by_step=False)
        for steps in torch.split(torch.arange(num_steps), _num_copies(rows)):
            changed = embeddings.repeat(len(steps), 1, 1, 1)
            changed[torch.arange(len(steps)), :, steps] = baseline
            replaced = last_log_probs(
                model,
                _repeated(rows, len(steps)),
                embeddings=changed.flatten(0, 1),
                step_by_step=False,
            )
            changes.append(scores - replaced.view(len(steps), num_rows))
    return torch.cat(changes).T


def _num_copies(rows: Rows) -> int:
    """Return how many copies of the rows may be one batch."""
    return max(1, _STEPS_AT_ONCE // rows.token_ids.numel())


def _repeated(rows: Rows, number: int) -> Rows:
    """Return all rows once, then all rows again, and so on."""
    indices = torch.arange(len(rows.token_ids)).repeat(number).to(rows.token_ids.device)
    return Rows(
        token_ids=rows.token_ids[indices],
        target_ids=rows.target_ids[indices],
        state=rows.state.select(indices),
        positions=rows.positions.repeat(number),
    )


def known_baseline(name: str) -> Baseline:
    """Return the name if it is a known baseline.

    Raises:
        ConfigError: It is unknown; the help suggests the nearest one.
    """
    for known in BASELINES:
        if name == known:
            return known
    raise ConfigError(f"there is no baseline {name!r}.", help=did_you_mean(name, BASELINES))
