"""Windows of a passage as rows of one batch, and the gradients of one loss per row.

The gradient of the loss at one position with respect to earlier states depends on that position
and on the states before it only. Many positions can therefore be rows of one batch: each row reads
the tokens up to its position, and one backward pass gives the gradients of all rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from nextword.base import ConfigError
from nextword.inspection.passage import Passage
from nextword.layers import LayerTrace
from nextword.models import LanguageModel, NeuralLanguageModel, State, inference
from nextword.tensors import Embeddings, TokenIds

#: Number of steps of all rows of a batch, which bounds its memory.
_MAX_STEPS_AT_ONCE = 8192


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Windows that end at chosen positions of a passage.

    Attributes:
        token_ids: Ids to read, (rows, time).
        target_ids: The id after each, (rows, time).
        state: The state before the first id of every row.
        positions: Position in the passage of the last target of every row, (rows).
    """

    token_ids: TokenIds
    target_ids: TokenIds
    state: State
    positions: Int64[Tensor, " rows"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LossTrace:
    """What a model computed for the rows of a batch, with the scored losses.

    Attributes:
        nll: Negative log-likelihood of the scored targets in order of row and time, (scored),
            in nats.
        embeddings: What the layers read, (rows, time, embedding_size); requires gradients.
        layers: The trace of each layer, lowest first.
    """

    nll: Tensor
    embeddings: Embeddings
    layers: tuple[LayerTrace, ...]


def trace_losses(
    model: NeuralLanguageModel,
    token_ids: TokenIds,
    *,
    target_ids: TokenIds,
    state: State,
    scored: Bool[Tensor, "rows time"],
) -> LossTrace:
    """Run a model step by step, as `model_trace` does, and compute the losses at some positions.

    The output head computes the scored positions only.

    Args:
        model: The model, in the mode that it is in.
        token_ids: Ids to read, (rows, time).
        target_ids: The id to predict after each, (rows, time).
        state: The state before them.
        scored: Which targets are scored, (rows, time).

    Returns:
        The losses, and the nodes of the autograd graph that they depend on.
    """
    embeddings = model.embed(token_ids).detach().requires_grad_()
    layers: list[LayerTrace] = []
    hidden, _ = model.hidden_from_embeddings(
        embeddings, state, token_ids=token_ids, layer_traces=layers
    )
    nll = model.nll_from_hidden(
        hidden[scored], target_ids[scored], state=state, token_ids=token_ids, counted=scored
    )
    return LossTrace(nll=nll, embeddings=embeddings, layers=tuple(layers))


def state_gradients(trace: LossTrace) -> tuple[Embeddings, tuple[Mapping[str, Tensor], ...]]:
    """Return the gradient of each row's loss with respect to every input and state of the row.

    Args:
        trace: A trace in which each row has at most one scored target.

    Returns:
        The gradients with respect to the input embeddings, (rows, time, embedding_size); and for
        each layer those by part of the state, (rows, time, size) each, empty for layers without
        states. The gradient with respect to what comes after the scored step is zero.
    """
    nodes = [trace.embeddings]
    for layer in trace.layers:
        for name in layer.initial_state if layer.steps else ():
            nodes.extend(step.states[name] for step in layer.steps)
    found = iter(
        torch.autograd.grad(trace.nll.sum(), nodes, allow_unused=True, materialize_grads=True)
    )
    of_embeddings = next(found)
    of_states = tuple(
        {
            name: torch.stack([next(found) for _ in layer.steps], dim=1)
            for name in (layer.initial_state if layer.steps else ())
        }
        for layer in trace.layers
    )
    return of_embeddings, of_states


def rows_of(
    model: NeuralLanguageModel, passage: Passage, *, num_steps: int, positions: Tensor
) -> Iterator[Rows]:
    """Yield windows of a passage, some rows at a time.

    The states before the windows are computed by reading the passage once.

    Args:
        model: The model.
        passage: The passage.
        num_steps: Length of a window, in tokens.
        positions: Positions of the last targets, increasing, each at least `num_steps` - 1.

    Yields:
        Batches of rows.
    """
    at_once = max(1, _MAX_STEPS_AT_ONCE // num_steps)
    offsets = torch.arange(1 - num_steps, 1)
    state, read = model.initial_state(1), 0
    for chosen in torch.split(positions, at_once):
        states = []
        for start in (chosen - num_steps + 1).tolist():
            if start > read:
                with inference(model):
                    ids = passage.token_ids[None, read:start].to(model.device)
                    state = model.advance(ids, state)
                read = start
            states.append(state.detach())
        indices = chosen[:, None] + offsets
        yield Rows(
            token_ids=passage.token_ids[indices].to(model.device),
            target_ids=passage.target_ids[indices].to(model.device),
            state=states[0].concatenate(states[1:]),
            positions=chosen,
        )


def evenly_spaced(first: int, end: int, *, number: int) -> Int64[Tensor, " positions"]:
    """Return at most `number` different positions from `first` to `end` - 1, evenly spaced.

    Args:
        first: The first position.
        end: One more than the last position.
        number: Number of positions wanted.

    Example:
        >>> evenly_spaced(2, 11, number=4).tolist()
        [2, 5, 7, 10]
    """
    number = min(number, end - first)
    return torch.linspace(first, end - 1, number, dtype=torch.float64).round().to(torch.int64)


def require_neural(model: LanguageModel, *, what: str) -> NeuralLanguageModel:
    """Return the model if it is a neural model.

    Args:
        model: A model.
        what: What is to be computed, in the plural, such as `gradients`.

    Raises:
        ConfigError: The model is estimated from counts, or is not one of nextword's networks.
    """
    if isinstance(model, NeuralLanguageModel):
        return model
    reason = (
        "it reads its probabilities from counts"
        if model.family == "ngram"
        else "its layers are not known by name"
    )
    raise ConfigError(
        f"a model of the family {model.family!r} has no {what}: {reason}.",
        help="Inspect a recurrent, maxent, window, convolutional or transformer model.",
    )


def read_layers(
    model: NeuralLanguageModel, passage: Passage, *, num_tokens: int, chunk_length: int = 256
) -> Iterator[tuple[LayerTrace, ...]]:
    """Yield the traces of the layers while a passage is read, without gradients.

    Args:
        model: The model; it is read in evaluation mode.
        passage: The passage.
        num_tokens: Number of tokens to read.
        chunk_length: Number of tokens per trace.

    Yields:
        The trace of each layer, lowest first, for the next tokens.
    """
    state = model.initial_state(1)
    for token_ids in torch.split(passage.token_ids[None, :num_tokens], chunk_length, dim=1):
        with inference(model):
            layers: list[LayerTrace] = []
            ids = token_ids.to(model.device)
            _, state = model.hidden_from_embeddings(
                model.embed(ids), state, token_ids=ids, layer_traces=layers
            )
        yield tuple(layers)
