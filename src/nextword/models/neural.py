"""What neural language models share: hidden vectors, and an output that scores them."""

import hashlib
from abc import abstractmethod

import torch
from torch import Tensor, nn

from nextword.base import ConfigError
from nextword.embeddings import AdaptiveEmbedding
from nextword.models.contract import LanguageModel, scored
from nextword.models.parameters import parameter_tensors
from nextword.models.state import State
from nextword.models.token_input import TokenInput
from nextword.outputs import Output
from nextword.tensors import Hidden, Lengths, LogProbs, Mask, Nll, TokenIds


class NeuralLanguageModel(LanguageModel, nn.Module):
    """A language model made of `hidden`, which reads, and `output`, which predicts.

    Attributes:
        embedding: The table of vectors that stand for tokens; None where they are one-hot.
        output: Turns hidden vectors into the distribution of the next token.
    """

    embedding: nn.Parameter | AdaptiveEmbedding | None
    output: Output

    @abstractmethod
    def hidden(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[Hidden, State]:
        """Read tokens and give the vector that predicts what follows each.

        Args:
            token_ids: Ids to read, (batch, time).
            state: What was read before.
            lengths: Steps that count in each row, (batch); all when None.

        Returns:
            Hidden vectors, (batch, time, hidden), and the state after reading.
        """

    def penalized_hidden(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[Hidden, State, Nll | None]:
        """Read tokens in training: as `hidden`, with what is added to the loss of each position.

        Returns:
            Hidden vectors, the state after reading, and penalties, (batch, time), or None where
            there are none.
        """
        return *self.hidden(token_ids, state, lengths), None

    @property
    def device(self) -> torch.device:
        """Where the parameters lie."""
        return next(self.parameters()).device

    @property
    def backends(self) -> tuple[str, ...]:
        """Name how each recurrent layer is run over time; empty for a model that has none."""
        return ()

    @property
    def lacks_kernels(self) -> bool:
        """Whether it would train faster with the compiled kernels, which are not installed."""
        return False

    @property
    def num_parameters(self) -> int:
        """Trained numbers, shared ones counted once."""
        return sum(parameter.numel() for parameter in self.parameters())

    def leave_gradients_sparse(self) -> None:
        """Let gradients of looked-up rows be lists of rows from now on, much shorter than tables.

        Whoever updates the weights must be able to take them, as `nextword.optim` is.
        """
        for module in self.modules():
            if isinstance(module, TokenInput | Output):
                module.sparse_gradients = True

    def limit_state_gradient(self, threshold: float) -> None:
        """Clip the gradient that every step hands back to the state before it, from now on.

        Args:
            threshold: What none of its components shall exceed.

        Raises:
            ConfigError: The model has no recurrence, or a backend that is named cannot.
        """
        raise ConfigError(
            f"clipping.state_threshold is {threshold}, but a {self.family} model has no "
            "recurrence.",
            help="Leave clipping.state_threshold out.",
        )

    def tensors(self) -> dict[str, Tensor]:
        """Give the weights by name, each once even where two layers share it."""
        return parameter_tensors(self)

    def fingerprint(self) -> str:
        """Give the sha256 of what the model is built of and of its weights.

        It is computed anew at every call: fused optimisers change weights without telling
        torch's version counters, so nothing cheaper says whether an old one still holds.
        """
        digest = hashlib.sha256(f"{self.family} {self!r}".encode())
        for name, parameter in self.named_parameters():
            digest.update(f"{name}{tuple(parameter.shape)}".encode())
            # Flat, for a single number cannot be seen as bytes.
            values = parameter.detach().cpu().flatten()
            digest.update(values.view(torch.uint8).numpy().data)
        return digest.hexdigest()

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        """Read tokens without scoring anything."""
        return self.hidden(token_ids, state, lengths)[1]

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and give the distribution of the next one after each, in nats."""
        hidden, state = self.hidden(token_ids, state, lengths)
        log_probs = self.output.log_probs(hidden.flatten(0, 1))
        return log_probs.view(*token_ids.shape, self.vocab_size), state

    def nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        state: State,
        lengths: Lengths | None = None,
        mask: Mask | None = None,
    ) -> tuple[Nll, State]:
        """Read tokens and score the targets that follow them; only scored positions cost."""
        self.check_targets(token_ids, target_ids)
        hidden, state = self.hidden(token_ids, state, lengths)
        return self.score(hidden, target_ids, lengths, mask), state

    def score(
        self, hidden: Hidden, target_ids: TokenIds, lengths: Lengths | None, mask: Mask | None
    ) -> Nll:
        """Give the negative log-likelihood of each target under its hidden vector, nats."""
        if lengths is None and mask is None:
            nll = self.output.nll(hidden.flatten(0, 1), target_ids.flatten())
            return nll.view(target_ids.shape)
        counted = scored(target_ids, lengths, mask)
        nll = self.output.nll(hidden[counted], target_ids[counted])
        return torch.zeros(target_ids.shape, dtype=nll.dtype, device=nll.device).masked_scatter(
            counted, nll
        )
