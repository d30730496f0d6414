"""Check that nextword's training step computes the same results as the plain model's.

Compares loss, outputs, states and gradients. The reference is the plain model with the same weights
in float64, so the check also shows that both timed steps do the same work.
"""

import torch
from torch import Tensor

from nextword.base import BenchmarkError
from nextword.batches import Batch
from nextword.benchmarking.measuring import Parity, check_parity
from nextword.benchmarking.step.ours import LanguageModelTraining, training_state
from nextword.benchmarking.step.peer import LstmState, Peer
from nextword.benchmarking.step.sizes import StepSizes
from nextword.layers import FullSoftmax
from nextword.models import NeuralLanguageModel
from nextword.tensors import autocast, dtype_name

#: Odd sizes, which are not multiples of any vector or block length.
_SIZES = {"hidden_size": 63, "vocab_size": 211, "batch_size": 3, "bptt_steps": 7}
_PARTS = ("weight_ih", "weight_hh", "bias_ih")
_OUR_PARTS = ("weight_ih", "weight_hh", "bias")


def step_parity(*, num_layers: int, precision: torch.dtype, backend: str = "auto") -> Parity:
    """Compare two consecutive windows of a small training with the plain model.

    The second window starts from the state of the first. Dropout and clipping are off.

    Args:
        num_layers: Number of LSTM layers.
        precision: dtype of nextword's matrix products.
        backend: As in the setting `training.backend`.

    Raises:
        BenchmarkError: A difference is larger than rounding in that dtype explains.
    """
    torch.manual_seed(0)
    sizes = StepSizes(num_layers=num_layers, **_SIZES)
    state = training_state(
        sizes, precision=dtype_name(precision), backend=backend, is_regularized=False
    )
    windows = [_next_window(state, sizes), _next_window(state, sizes)]
    actual = _ours(state, windows, precision=precision)
    expected = _theirs(state.objective.model, windows, sizes=sizes)
    return check_parity(actual, expected, precision=precision)


def _next_window(state: LanguageModelTraining, sizes: StepSizes) -> Batch:
    window = state.objective.reader.read(sizes.bptt_steps)
    if window is None:
        raise BenchmarkError("the synthetic text is too short for a window.")
    return window


def _ours(
    state: LanguageModelTraining, windows: list[Batch], *, precision: torch.dtype
) -> dict[str, Tensor]:
    """Return loss, outputs, states and gradients of nextword for the second window."""
    model = state.objective.model.train()
    with torch.no_grad(), autocast(precision, model.device):
        model_state = model.initial_state(windows[0].token_ids.shape[0])
        for window in windows:
            outputs, model_state = model.hidden(window.token_ids, model_state)
    state.start_epoch()
    losses = [state.compute_gradient() for _ in windows]
    last = losses[-1]
    nll = float("nan") if last is None else last[0].mean
    return {
        "loss": torch.tensor(nll, dtype=torch.float64),
        "outputs": outputs,
        **{f"final {name}": tensor for name, tensor in model_state.tensors.items()},
        **{f"gradient of {name}": gradient for name, gradient in _gradients(model).items()},
    }


def _theirs(
    model: NeuralLanguageModel, windows: list[Batch], *, sizes: StepSizes
) -> dict[str, Tensor]:
    """Return the same quantities of the plain model in float64, by nextword's names."""
    peer, ours_by_theirs = peer_with_weights_of(model, sizes)
    state = peer.initial_state(sizes.batch_size)
    for window in windows:
        token_ids, state = window.token_ids.t(), (state[0].detach(), state[1].detach())
        outputs, _ = peer.outputs(token_ids, state)
        log_probs, state = peer(token_ids, state)
    target_ids = windows[-1].target_ids.t().reshape(-1)
    loss = torch.nn.functional.nll_loss(log_probs, target_ids)
    loss.backward()  # type: ignore[no-untyped-call]
    parameters = dict(peer.named_parameters())
    return {
        "loss": loss.detach(),
        "outputs": outputs.detach().transpose(0, 1),
        **_named(state),
        **{
            f"gradient of {ours}": gradient
            for theirs, ours in ours_by_theirs.items()
            if (gradient := parameters[theirs].grad) is not None
        },
    }


def _named(state: LstmState) -> dict[str, Tensor]:
    """Return the tensors of a torch LSTM state by the names of nextword's state."""
    return {
        f"final layer_{depth}.{name}": part[depth].detach()
        for name, part in zip(("hidden_state", "cell_state"), state, strict=True)
        for depth in range(len(part))
    }


def peer_with_weights_of(
    model: NeuralLanguageModel, sizes: StepSizes
) -> tuple[Peer, dict[str, str]]:
    """Return the plain model in float64 with the weights of a nextword model, without dropout.

    Returns:
        The plain model, and nextword's parameter names by the plain model's parameter names.
    """
    names = {"encoder.weight": "embedding", "decoder.bias": "output.bias"}
    for depth in range(sizes.num_layers):
        for theirs, ours in zip(_PARTS, _OUR_PARTS, strict=True):
            names[f"core.{theirs}_l{depth}"] = f"core.cells.{depth}.{ours}"
    peer, ours_by_name = Peer(sizes, dropout=0.0).double(), dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in peer.named_parameters():
            # torch has a second bias per gate, which stays 0.
            parameter.copy_(ours_by_name[names[name]] if name in names else torch.zeros(()))
        if isinstance(model.output, FullSoftmax):
            # Ids that are never predicted have probability 0 in the plain model too.
            peer.decoder.bias.copy_(model.output.masked_bias())
    return peer, names


def _gradients(model: NeuralLanguageModel) -> dict[str, Tensor]:
    return {
        name: gradient.to_dense() if gradient.is_sparse else gradient
        for name, parameter in model.named_parameters()
        if (gradient := parameter.grad) is not None
    }
