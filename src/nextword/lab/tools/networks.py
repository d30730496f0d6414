"""Small networks of the experiments: building, training on a stream of ids, and scoring."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from nextword.cells import AnyCell
from nextword.families import NetworkSpec, NeuralModelConfig
from nextword.models import NeuralLanguageModel, State
from nextword.recurrent import RecurrentStack
from nextword.tokens import VocabularySpec

#: Ids of a text in order.
Stream = Int64[Tensor, " num_tokens"]
Report = Callable[[int, int], None]


def vocabulary(vocab_size: int) -> VocabularySpec:
    """Return a vocabulary in which every id may follow, and 0 is also the boundary."""
    return VocabularySpec(vocab_size=vocab_size, boundary_id=0, start_id=0)


def build_model(
    config: NeuralModelConfig, *, vocab_size: int, dtype: torch.dtype = torch.float64
) -> NeuralLanguageModel:
    """Build a small language model with random weights from torch's default generator.

    Args:
        config: Settings of the model.
        vocab_size: Number of ids.
        dtype: dtype of the weights.
    """
    model = config.build(NetworkSpec(vocabulary=vocabulary(vocab_size))).to(dtype=dtype)
    return model.eval()


def first_cell(model: NeuralLanguageModel) -> AnyCell:
    """Return the cell of the lowest layer of a recurrent model."""
    return _stack(model).layers[0]


def use_reference(model: NeuralLanguageModel) -> None:
    """Run the layers of a recurrent model step by step, as in the equations."""
    _stack(model).use_backend("reference")


def _stack(model: NeuralLanguageModel) -> RecurrentStack:
    core = model.get_submodule("core")
    assert isinstance(core, RecurrentStack)
    return core


def lanes_of(ids: Stream, num_lanes: int) -> Int64[Tensor, "lanes steps"]:
    """Cut a text into lanes of equal length; the rest at its end is left out."""
    return ids[: len(ids) // num_lanes * num_lanes].view(num_lanes, -1)


def fit(
    model: NeuralLanguageModel,
    ids: Stream,
    *,
    num_steps: int,
    bptt_steps: int,
    batch_size: int = 16,
    learning_rate: float = 5e-3,
    max_norm: float = 1.0,
    carries: bool = True,
    on_step: Report | None = None,
) -> list[float]:
    """Train a model on a text by truncated back-propagation through time, with Adam.

    Args:
        model: The model, trained in place.
        ids: The text.
        num_steps: Number of updates; the text is read again from its start when it ends.
        bptt_steps: Steps in a chunk, through which gradients flow.
        batch_size: Number of lanes.
        learning_rate: Peak learning rate; it falls linearly to 0.
        max_norm: Limit of the norm of the gradient.
        carries: Whether a chunk starts from the state at the end of the chunk before it, and not
            from the initial state.
        on_step: Called with the number of updates done and of all.

    Returns:
        The loss of each update, in nats per token.
    """
    lanes = lanes_of(ids, batch_size)
    num_chunks = (lanes.shape[1] - 1) // bptt_steps
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    losses, state = [], model.initial_state(batch_size)
    model.train()
    with torch.enable_grad():
        for step in range(num_steps):
            chunk = step % num_chunks
            if chunk == 0 or not carries:
                state = model.initial_state(batch_size)
            optimizer.param_groups[0]["lr"] = learning_rate * (1 - step / num_steps)
            window = lanes[:, chunk * bptt_steps : (chunk + 1) * bptt_steps + 1]
            nll, state = model.nll(window[:, :-1], window[:, 1:], state.detach())
            loss = nll.mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            losses.append(loss.item())
            if on_step is not None:
                on_step(step + 1, num_steps)
    model.eval()
    return losses


@torch.no_grad()
def mean_nll(
    model: NeuralLanguageModel,
    ids: Stream,
    *,
    chunk_steps: int,
    num_lanes: int = 8,
    carries: bool = True,
) -> float:
    """Return the mean negative log-likelihood of a text, in nats per token.

    Args:
        model: The model.
        ids: The text.
        chunk_steps: Steps in a chunk.
        num_lanes: Number of lanes that the text is cut into.
        carries: Whether the state is carried from chunk to chunk.
    """
    lanes = lanes_of(ids, num_lanes)
    state: State = model.initial_state(num_lanes)
    total, count = 0.0, 0
    for start in range(0, lanes.shape[1] - 1, chunk_steps):
        window = lanes[:, start : start + chunk_steps + 1]
        if not carries:
            state = model.initial_state(num_lanes)
        nll, state = model.nll(window[:, :-1], window[:, 1:], state)
        total, count = total + nll.sum().item(), count + nll.numel()
    return total / count


def unigram_entropy(ids: Stream) -> float:
    """Return the entropy of the distribution of the ids of a text, in nats."""
    counts = ids.bincount().double()
    shares = counts[counts > 0] / counts.sum()
    entropy: float = -(shares * shares.log()).sum().item()
    return entropy


def character_ids(text: str) -> Stream:
    """Return one id for each character: its code point, with all above 126 as 127."""
    return torch.tensor([min(ord(character), 127) for character in text], dtype=torch.int64)


def relative_difference(left: Tensor, right: Tensor) -> float:
    """Return the norm of the difference of two tensors, relative to the norm of the second."""
    difference: float = ((left - right).norm() / right.norm().clamp(min=1e-300)).item()
    return difference


def auc(scores: Float[Tensor, " items"], labels: Tensor) -> float:
    """Return the area under the ROC curve: how often a positive item has the higher score.

    Args:
        scores: One score for each item; ties count one half.
        labels: Whether each item is positive, (items); both kinds must occur.

    Example:
        >>> auc(torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([False, False, True, True]))
        0.75
    """
    values, ranks = torch.unique(scores.double(), return_inverse=True)
    counts = torch.bincount(ranks, minlength=len(values)).double()
    mean_ranks = counts.cumsum(0) - (counts - 1) / 2
    positives = labels.bool()
    num_positive = int(positives.sum())
    num_negative = len(labels) - num_positive
    rank_sum: float = mean_ranks[ranks][positives].sum().item()
    return (rank_sum - num_positive * (num_positive + 1) / 2) / (num_positive * num_negative)
