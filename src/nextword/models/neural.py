"""What neural language models share: hidden vectors, and an output that scores them."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from nextword.base import ConfigError
from nextword.embeddings import AdaptiveEmbedding
from nextword.models.contract import LanguageModel, scored
from nextword.models.identity import ContentIdentity, structure
from nextword.models.parameters import load_parameter_tensors, parameter_tensors
from nextword.models.state import State
from nextword.models.token_input import TokenInput
from nextword.outputs import Output, PositionNll, States, Targets
from nextword.tensors import Hidden, Lengths, LogProbs, Mask, Nll, TokenIds
from nextword.tokens import Tokenizer, TokenStore


class NeuralLanguageModel(LanguageModel, nn.Module):
    """A language model made of `hidden`, which reads, and `output`, which predicts.

    Attributes:
        embedding: The table of vectors that stand for tokens; None where they are one-hot.
        output: Turns hidden vectors into the distribution of the next token.
    """

    embedding: nn.Parameter | AdaptiveEmbedding | None
    output: Output
    _identity: ContentIdentity | None = None

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
    def hashed_tables(self) -> tuple[nn.Parameter, ...]:
        """Weights of which a step reads few: their gradients are lists; empty in most families.

        Whoever updates the weights leaves them to `nextword.optim.SparseDescent`.
        """
        return ()

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

    def count(
        self, store: TokenStore, tokenizer: Tokenizer, *, temporary_folder: Path | None = None
    ) -> None:
        """Take from the training text what is counted instead of learnt; nothing in most families.

        Args:
            store: The text.
            tokenizer: What made the store.
            temporary_folder: Where counts of a large text spill to; in memory when None.
        """
        return

    def tensors(self) -> dict[str, Tensor]:
        """Give the weights by name, each once even where two layers share it."""
        return parameter_tensors(self)

    def load_tensors(self, tensors: Mapping[str, Tensor], *, source: str) -> None:
        """Put back what `tensors` gave.

        Args:
            tensors: By name.
            source: Where they come from, for the error message.

        Raises:
            MismatchError: A weight is missing, is too many, or has another shape.
        """
        load_parameter_tensors(self, tensors, source=source)

    @property
    def counted(self) -> object:
        """What `count` has left in the model; another object once that has changed."""
        return None

    def fingerprint(self) -> str:
        """Return the sha256 of what the model computes: its sizes, its settings and its weights.

        Settings for training alone, such as dropout, do not change it. It is kept until a weight
        changes, so that asking again is cheap.
        """
        if self._identity is None:
            self._identity = ContentIdentity()
        ids = (self.vocab_size, self.boundary_id, self.never_ids)
        return self._identity.of(
            f"{self.family} {ids}\n{structure(self)}",
            dict(self.named_parameters()),
            tensors=self.tensors,
            counted=self.counted,
        )

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        """Read tokens without scoring anything."""
        return self.hidden(token_ids, state, lengths)[1]

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and give the distribution of the next one after each, in nats."""
        hidden, after = self.hidden(token_ids, state, lengths)
        return self.predict(hidden, token_ids, state), after

    def predict(self, hidden: Hidden, token_ids: TokenIds, state: State) -> LogProbs:
        """Give the distribution of the next token under each hidden vector, in nats.

        Args:
            hidden: What `hidden` gave.
            token_ids: The ids it had read, (batch, time).
            state: What had been read before those.
        """
        log_probs = self.output.log_probs(hidden.flatten(0, 1))
        return log_probs.view(*token_ids.shape, self.vocab_size)

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
        hidden, after = self.hidden(token_ids, state, lengths)
        counted = None
        if lengths is not None or mask is not None:
            counted = scored(target_ids, lengths, mask)
        return self.score(hidden, target_ids, token_ids, state, counted=counted), after

    def score(
        self,
        hidden: Hidden,
        target_ids: TokenIds,
        token_ids: TokenIds,
        state: State,
        *,
        counted: Mask | None = None,
    ) -> Nll:
        """Give the negative log-likelihood of each target under its hidden vector, nats.

        Args:
            hidden: What `hidden` gave.
            target_ids: The ids to predict, (batch, time).
            token_ids: The ids it had read, (batch, time).
            state: What had been read before those.
            counted: Which targets are scored, (batch, time); all when None.
        """
        if counted is None:
            nll = self.position_nll(
                hidden.flatten(0, 1), target_ids.flatten(), token_ids, state, counted
            )
            return nll.view(target_ids.shape)
        nll = self.position_nll(hidden[counted], target_ids[counted], token_ids, state, counted)
        return torch.zeros(target_ids.shape, dtype=nll.dtype, device=nll.device).masked_scatter(
            counted, nll
        )

    def position_nll(
        self,
        hidden: States,
        target_ids: Targets,
        token_ids: TokenIds,
        state: State,
        counted: Mask | None,
    ) -> PositionNll:
        """Score targets as `score` does, of the positions that count, a position a row."""
        return self.output.nll(hidden, target_ids)
