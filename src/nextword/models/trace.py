"""Looking inside a neural model: outputs, states and gates of every layer and step, by name."""

from dataclasses import dataclass

from torch import Tensor

from nextword.base import ConfigError
from nextword.layers import LayerTrace
from nextword.models.contract import LanguageModel
from nextword.models.neural import NeuralLanguageModel
from nextword.models.state import State
from nextword.tensors import Embeddings, Hidden, Lengths, LogProbs


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelTrace:
    """What a model computed over a window of tokens. All tensors are part of one autograd graph.

    Attributes:
        embeddings: What the layers read, (batch, time, embedding_size).
        layers: The trace of each layer, lowest first.
        hidden: What the output head reads, (batch, time, hidden_size).
        log_probs: Log-probabilities of the next token after each, (batch, time, vocab), in nats.
        state: The state after reading.
    """

    embeddings: Embeddings
    layers: tuple[LayerTrace, ...]
    hidden: Hidden
    log_probs: LogProbs
    state: State


def model_trace(
    model: LanguageModel,
    token_ids: Tensor,
    *,
    state: State | None = None,
    lengths: Lengths | None = None,
    embeddings: Tensor | None = None,
) -> ModelTrace:
    """Run a neural model and return what every layer computed at every step.

    Recurrent layers are run step by step with the equations of their cells, which is slower than
    reading with the model and equal to it up to rounding. The model runs in the mode that it is in:
    call `model.eval()` first to have no dropout. It makes no difference which device or dtype the
    model has.

    Gradients with respect to the state after step t are those of `layers[i].steps[t].states`,
    because later steps are computed from these tensors. `layers[i].states` has them stacked, to be
    read or drawn.

    Args:
        model: A neural model, such as a recurrent, window or Transformer model.
        token_ids: Ids to read, (batch, time); the boundary is not added.
        state: The state before them; that of rows that have read nothing when None.
        lengths: Number of valid steps in each row, (batch); all when None.
        embeddings: Vectors to run from in place of the tokens' own, (batch, time, embedding_size);
            for interpolated inputs. When None, they are looked up, detached from the embedding
            table, and require gradients.

    Returns:
        The trace.

    Raises:
        ConfigError: The model is not neural, or cannot be run from embeddings.
        ShapeError: Sizes or dtypes do not fit together.
        VocabularyError: An id is not in the vocabulary.

    Example:
        >>> import torch
        >>> from nextword.families import NetworkSpec, RecurrentConfig
        >>> from nextword.tokens import VocabularySpec
        >>> vocabulary = VocabularySpec(vocab_size=9, boundary_id=1, start_id=1)
        >>> model = RecurrentConfig(hidden_size=4).build(NetworkSpec(vocabulary=vocabulary))
        >>> trace = model_trace(model.eval(), torch.tensor([[3, 5, 8]]))
        >>> layer = trace.layers[0]
        >>> layer.gates["forget_gate"].shape
        torch.Size([1, 3, 4])
        >>> first_state = layer.steps[0].states["hidden_state"]
        >>> torch.autograd.grad(trace.log_probs[0, 2, 7], first_state)[0].shape
        torch.Size([1, 4])
    """
    neural = _require_neural(model)
    if state is None:
        state = neural.initial_state(len(token_ids) if token_ids.ndim else 1)
    if embeddings is None:
        neural.check_inputs(token_ids, state, lengths=lengths)
        embeddings = neural.embed(token_ids).detach().requires_grad_()
    layers: list[LayerTrace] = []
    hidden, after = neural.hidden_from_embeddings(
        embeddings, state, token_ids=token_ids, lengths=lengths, layer_traces=layers
    )
    return ModelTrace(
        embeddings=embeddings,
        layers=tuple(layers),
        hidden=hidden,
        log_probs=neural.log_probs_from_hidden(hidden, state, token_ids=token_ids),
        state=after,
    )


def _require_neural(model: LanguageModel) -> NeuralLanguageModel:
    if isinstance(model, NeuralLanguageModel):
        return model
    raise ConfigError(
        f"a model of the family {model.family!r} has no trace: only a neural model of nextword has "
        "layers whose outputs, states and gates are known by name (an n-gram model reads its "
        "probabilities from counts).",
        help="Trace a recurrent, maxent, window, convolutional or transformer model.",
    )
