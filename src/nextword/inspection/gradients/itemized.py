"""Which step's loss feeds which step: the gradient of one window, itemized by loss and step.

In truncated backpropagation the gradient of a window is a sum over losses t and steps j <= t. Each
summand is computed separately here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from nextword.base import Values, require_range
from nextword.inspection.passage import Passage, require_length
from nextword.inspection.rows import (
    LossTrace,
    require_neural,
    state_gradients,
    trace_losses,
)
from nextword.inspection.steps import RecurrentLayer, recurrent_layers, with_gradients
from nextword.layers import LayerTrace
from nextword.models import LanguageModel, NeuralLanguageModel, inference

DEFAULT_WINDOW = 32
#: A matrix (loss, step), zero where the step is later than the loss.
Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class ItemizedGradients:
    """The gradient of a window of one layer, by loss and step.

    Attributes:
        layer: Number of the layer, from 1; 0 for the input embeddings.
        states: Norm of dL[t]/ds[j], of all parts of the state as one vector.
        parameters: Norm of what step j alone contributes to the gradient of L[t] with respect to
            the layer's parameters; empty for the input embeddings.
    """

    layer: int
    states: Matrix
    parameters: Matrix

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return {"layer": self.layer, "states": self.states, "parameters": self.parameters}


@dataclass(frozen=True, kw_only=True)
class ItemizedWindow:
    """The itemized gradients of every layer in one window.

    Attributes:
        start: Position in the passage of the first step.
        texts: The text that each step reads; empty for the boundary.
        target_texts: The text that each loss is of.
        layers: One entry for each recurrent layer, or one for the embeddings if there are none.
    """

    start: int
    texts: tuple[str, ...]
    target_texts: tuple[str, ...]
    layers: tuple[ItemizedGradients, ...]

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return {
            "start": self.start,
            "texts": self.texts,
            "target_texts": self.target_texts,
            "layers": [layer.to_dict() for layer in self.layers],
        }


def itemized_gradients(
    model: LanguageModel,
    passage: Passage,
    *,
    num_steps: int = DEFAULT_WINDOW,
    start: int = 0,
    with_parameters: bool = True,
) -> ItemizedWindow:
    """Itemize the gradient of one window of a passage by loss t and step j.

    Args:
        model: A neural model.
        passage: The text.
        num_steps: Length of the window, in tokens.
        start: Position of its first step; the tokens before are read without gradients.
        with_parameters: Whether to itemize the gradient of the parameters too.

    Returns:
        Norms by loss and step.

    Raises:
        ConfigError: The model is not neural, or the passage ends before the window.

    Source: [cashman2018].
    """
    neural = require_neural(model, what="gradients")
    require_length(passage, start + num_steps - 1)
    require_range("window", num_steps, low=2)
    with with_gradients(neural):
        trace = trace_window(neural, passage, start=start, num_steps=num_steps)
        of_embeddings, of_states = state_gradients(trace)
        layers = tuple(
            _itemized(
                layer, traced, gradients=gradients, number=number, with_parameters=with_parameters
            )
            for number, (layer, traced, gradients) in enumerate(
                zip(recurrent_layers(neural), trace.layers, of_states, strict=False), start=1
            )
        )
    if not layers:
        norms = of_embeddings.norm(dim=2)
        layers = (ItemizedGradients(layer=0, states=_matrix(norms), parameters=()),)
    end = start + num_steps
    return ItemizedWindow(
        start=start,
        texts=tuple(passage.input_texts[start:end]),
        target_texts=tuple(passage.texts[start:end]),
        layers=layers,
    )


def step_contributions(
    layer: RecurrentLayer, trace: LayerTrace, *, gradients: Mapping[str, Tensor]
) -> Iterator[tuple[int, int, dict[str, Tensor]]]:
    """Yield what each step alone contributes to the gradient of each loss.

    It is the gradient of the loss with respect to the state after the step, propagated through
    that step only, to the parameters of the cell. The sum over steps is the gradient of the loss
    with respect to the parameters, except for a trained initial state.

    Args:
        layer: The layer.
        trace: Its trace; row t is the window again, for the loss t.
        gradients: Gradients with respect to its states by part, (losses, steps, size) each.

    Yields:
        Step, loss, and the contributions by parameter.
    """
    parameters = {
        name: parameter
        for name, parameter in layer.cell.named_parameters()
        if not name.startswith("initial_") and parameter.requires_grad
    }
    for step in range(len(trace.steps)):
        # Every row is the same window, so that the first one has the values of all.
        before = layer.state_before(trace, step)
        first = type(before)(*(part[:1] for part in before))
        after = layer.after(trace.inputs[:1, step].detach(), first)
        for loss in range(step, len(trace.inputs)):
            above = [gradients[name][loss : loss + 1, step] for name in layer.cell.state_names]
            found = torch.autograd.grad(
                after,
                list(parameters.values()),
                above,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
            yield step, loss, dict(zip(parameters, found, strict=True))


def trace_window(
    model: NeuralLanguageModel, passage: Passage, *, start: int, num_steps: int
) -> LossTrace:
    """Trace a window once for each of its losses: row t scores its target t only.

    Args:
        model: The model.
        passage: The text.
        start: Position of the first step; the tokens before are read without gradients.
        num_steps: Length of the window.

    Returns:
        The trace, (steps, steps) losses and steps.
    """
    end = start + num_steps
    with inference(model):
        state = model.advance(
            passage.token_ids[None, :start].to(model.device), model.initial_state(1)
        )
    rows = torch.zeros(num_steps, dtype=torch.int64, device=model.device)
    return trace_losses(
        model,
        passage.token_ids[start:end].expand(num_steps, -1).to(model.device),
        target_ids=passage.target_ids[start:end].expand(num_steps, -1).to(model.device),
        state=state.detach().select(rows),
        scored=torch.eye(num_steps, dtype=torch.bool, device=model.device),
    )


def _itemized(
    layer: RecurrentLayer,
    trace: LayerTrace,
    *,
    gradients: Mapping[str, Tensor],
    number: int,
    with_parameters: bool,
) -> ItemizedGradients:
    states = torch.cat(list(gradients.values()), dim=2).norm(dim=2)
    parameters: Matrix = ()
    if with_parameters:
        norms = torch.zeros_like(states)
        for step, loss, found in step_contributions(layer, trace, gradients=gradients):
            norms[loss, step] = torch.nn.utils.get_total_norm(list(found.values()))
        parameters = _matrix(norms)
    return ItemizedGradients(layer=number, states=_matrix(states), parameters=parameters)


def _matrix(norms: Tensor) -> Matrix:
    return tuple(tuple(row) for row in norms.cpu().double().tolist())
