"""The plain PyTorch model that nextword is compared with.

It follows PyTorch's word-language-model example: nn.Embedding, nn.LSTM and an nn.Linear with the
embedding's weights, dropout between them, log-softmax and negative log-likelihood, gradient
clipping by norm, and plain SGD in a loop over the parameters.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from nextword.benchmarking.measuring import Step, timed
from nextword.benchmarking.step.sizes import (
    CLIPPING_NORM,
    DROPOUT,
    LEARNING_RATE,
    StepSizes,
    zipf_ids,
)

_FIRST_WEIGHTS = 0.1

LstmState = tuple[Tensor, Tensor]


class Peer(nn.Module):
    """Embedding, LSTM and a tied output layer, time-major as in PyTorch's example.

    Args:
        sizes: Sizes of the model.
        dropout: Dropout probability of embeddings, between layers, and of outputs.
    """

    def __init__(self, sizes: StepSizes, *, dropout: float = DROPOUT) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.encoder = nn.Embedding(sizes.vocab_size, sizes.hidden_size)
        self.core = nn.LSTM(
            sizes.hidden_size,
            sizes.hidden_size,
            sizes.num_layers,
            # nn.LSTM applies it between layers, and warns if there is only one.
            dropout=dropout if sizes.num_layers > 1 else 0.0,
        )
        self.decoder = nn.Linear(sizes.hidden_size, sizes.vocab_size)
        self.decoder.weight = self.encoder.weight
        nn.init.uniform_(self.encoder.weight, -_FIRST_WEIGHTS, _FIRST_WEIGHTS)
        nn.init.zeros_(self.decoder.bias)

    def initial_state(self, batch_size: int) -> LstmState:
        """Return the initial state: two tensors of zeros, (layers, batch, hidden_size)."""
        shape = (self.core.num_layers, batch_size, self.core.hidden_size)
        return self.encoder.weight.new_zeros(shape), self.encoder.weight.new_zeros(shape)

    def outputs(self, token_ids: Tensor, state: LstmState) -> tuple[Tensor, LstmState]:
        """Return the last layer's outputs, (time, batch, hidden_size), and the final state."""
        outputs, state = self.core(self.dropout(self.encoder(token_ids)), state)
        return self.dropout(outputs), state

    def forward(self, token_ids: Tensor, state: LstmState) -> tuple[Tensor, LstmState]:
        """Return log-probabilities, (time * batch, vocab_size), and the final state."""
        outputs, state = self.outputs(token_ids, state)
        logits = self.decoder(outputs).flatten(0, 1)
        return torch.log_softmax(logits, dim=1), state


def peer_step(sizes: StepSizes, *, bfloat16: bool = False) -> Callable[[], None]:
    """Return a function that runs one update of the plain model.

    Args:
        sizes: Sizes of the model and the window.
        bfloat16: Whether the forward pass runs under bfloat16 autocast.
    """
    model = Peer(sizes).train()
    shape = (sizes.bptt_steps + 1, sizes.batch_size)
    ids = zipf_ids(sizes.vocab_size, shape[0] * shape[1]).view(shape)
    state = model.initial_state(sizes.batch_size)
    total_loss = 0.0

    def step() -> None:
        nonlocal state, total_loss
        state = (state[0].detach(), state[1].detach())
        model.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            log_probs, state = model(ids[:-1], state)
            loss = nn.functional.nll_loss(log_probs, ids[1:].reshape(-1))
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), CLIPPING_NORM)
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.data.add_(parameter.grad, alpha=-LEARNING_RATE)
        total_loss += loss.item()

    return step


def timed_peer_step(sizes: StepSizes) -> Step:
    """Return a timed step of the plain model, for a process with default settings."""
    torch.manual_seed(0)
    return timed(peer_step(sizes))


def at_default_precision(step: Callable[[], object]) -> Callable[[], None]:
    """Return a step that runs with torch's default precision of float32 matrix products."""

    def step_at_default() -> None:
        chosen = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            step()
        finally:
            torch.set_float32_matmul_precision(chosen)

    return step_at_default
