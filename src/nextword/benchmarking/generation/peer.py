"""Generation in plain PyTorch, as in its word-language-model example.

The model is called once for each token with the hidden state of the call before, and the token is
drawn by `torch.multinomial` from the exponentiated scores.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_WEIGHTS = 0.1

LstmState = tuple[Tensor, Tensor]


@dataclass(frozen=True, kw_only=True)
class GenerateSizes:
    """Sizes of a network and of a sample.

    Attributes:
        num_layers: Number of LSTM layers.
        hidden_size: Width of the embedding and of every layer.
        vocab_size: Number of tokens.
        num_streams: Number of texts that are generated together.
        num_tokens: Number of tokens of each text in one sample.
    """

    num_layers: int = 2
    hidden_size: int
    vocab_size: int
    num_streams: int = 1
    num_tokens: int = 200


class GeneratePeer(nn.Module):
    """Embedding, LSTM, output layer with the embedding's weights, and log-softmax.

    Args:
        sizes: Sizes of the network.
    """

    def __init__(self, sizes: GenerateSizes) -> None:
        super().__init__()
        width = sizes.hidden_size
        self.encoder = nn.Embedding(sizes.vocab_size, width)
        self.rnn = nn.LSTM(width, width, sizes.num_layers)
        self.decoder = nn.Linear(width, sizes.vocab_size)
        nn.init.uniform_(self.encoder.weight, -_WEIGHTS, _WEIGHTS)
        self.decoder.weight = self.encoder.weight

    def initial_state(self, num_streams: int) -> LstmState:
        """Return zeros, (layers, streams, hidden_size) each."""
        zeros = self.encoder.weight.new_zeros(
            self.rnn.num_layers, num_streams, self.rnn.hidden_size
        )
        return zeros, zeros.clone()

    def forward(self, token_ids: Tensor, state: LstmState) -> tuple[Tensor, LstmState]:
        """Return log-probabilities, (time * streams, vocab), and the state after reading.

        Args:
            token_ids: Ids, (time, streams).
            state: The state before them.
        """
        outputs, state = self.rnn(self.encoder(token_ids), state)
        scores = self.decoder(outputs).flatten(0, 1)
        return torch.log_softmax(scores, dim=1), state


def peer_step(model: GeneratePeer, sizes: GenerateSizes) -> Callable[[], Tensor]:
    """Return a function that generates tokens and returns them, (tokens, streams).

    Args:
        model: The network.
        sizes: Number of streams and tokens.
    """

    def step() -> Tensor:
        token_ids = torch.ones(1, sizes.num_streams, dtype=torch.int64)
        state, drawn = model.initial_state(sizes.num_streams), []
        with torch.no_grad():
            for _ in range(sizes.num_tokens):
                log_probs, state = model(token_ids, state)
                weights = log_probs.div(1.0).exp()
                token_ids = torch.multinomial(weights, 1).t().contiguous()
                drawn.append(token_ids)
        return torch.cat(drawn)

    return step
