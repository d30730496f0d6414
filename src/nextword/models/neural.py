"""The base class of neural language models: hidden vectors and an output head."""

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nextword.layers import AdaptiveEmbedding, FlatNll, Output
from nextword.models.contract import LanguageModel, scored
from nextword.models.identity import ContentIdentity, structure
from nextword.models.parameters import load_parameter_tensors, parameter_tensors
from nextword.models.state import State
from nextword.tensors import Hidden, Lengths, LogProbs, Mask, Nll, TokenIds
from nextword.tokens import VocabularySpec


class NeuralLanguageModel(LanguageModel, nn.Module):
    """A language model that consists of `hidden`, which reads tokens, and `output`, the head.

    A subclass defines `initial_state` and `hidden`, and sets `embedding` and `output`.

    Args:
        vocabulary: Size and special ids of the vocabulary.

    Attributes:
        vocabulary: Size and special ids of the vocabulary.
        embedding: The input embedding table; None where tokens are one-hot vectors.
        output: The output head: from hidden vectors to the distribution of the next token.
    """

    embedding: nn.Parameter | AdaptiveEmbedding | None
    output: Output
    _identity: ContentIdentity | None = None

    def __init__(self, vocabulary: VocabularySpec) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.vocab_size = vocabulary.vocab_size
        self.boundary_id = vocabulary.boundary_id
        self.never_ids = vocabulary.never_ids

    @abstractmethod
    def hidden(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[Hidden, State]:
        """Read tokens and return the vectors that the output head predicts from.

        Args:
            token_ids: Ids to read, (batch, time).
            state: The state before them.
            lengths: Number of valid steps in each row, (batch); all when None.

        Returns:
            Hidden vectors, (batch, time, hidden_size), and the state after reading.
        """

    @property
    def device(self) -> torch.device:
        """The device of the parameters."""
        return next(self.parameters()).device

    @property
    def num_parameters(self) -> int:
        """Number of trained parameters; shared ones are counted once."""
        return sum(parameter.numel() for parameter in self.parameters())

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights by name, each once even where two layers share it."""
        return parameter_tensors(self)

    def load_tensors(self, tensors: Mapping[str, Tensor], *, source: str) -> None:
        """Copy saved weights into the model.

        Args:
            tensors: The result of `tensors`.
            source: Where the tensors come from, for error messages.

        Raises:
            MismatchError: A weight is missing, is unexpected, or has another shape.
        """
        load_parameter_tensors(self, tensors, source=source)

    def fingerprint(self) -> str:
        """Return the sha256 of the model's sizes, settings and weights.

        Settings that only affect training, such as dropout, do not change it. The hash is cached
        until a weight changes.
        """
        if self._identity is None:
            self._identity = ContentIdentity()
        ids = (self.vocab_size, self.boundary_id, self.never_ids)
        return self._identity.of(
            f"{self.family} {ids}\n{structure(self)}",
            dict(self.named_parameters()),
            tensors=self.tensors,
        )

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        """Read tokens without scoring anything and return the state after them."""
        return self.hidden(token_ids, state, lengths)[1]

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and return the log-probabilities of the next token after each, in nats."""
        hidden, after = self.hidden(token_ids, state, lengths)
        log_probs = self.output.log_probs(hidden.flatten(0, 1))
        return log_probs.view(*token_ids.shape, self.vocab_size), after

    def nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        state: State,
        lengths: Lengths | None = None,
        mask: Mask | None = None,
    ) -> tuple[Nll, State]:
        """Read tokens and return the negative log-likelihood of the target after each, in nats.

        The output head computes only the positions that are scored.
        """
        self.check_targets(token_ids, target_ids)
        hidden, after = self.hidden(token_ids, state, lengths)
        if lengths is None and mask is None:
            nll = self.output.nll(hidden.flatten(0, 1), target_ids.flatten())
            return nll.view(target_ids.shape), after
        counted = scored(target_ids, lengths, mask)
        nll = self.output.nll(hidden[counted], target_ids[counted])
        return scattered(nll, counted), after


def scattered(nll: FlatNll, counted: Mask) -> Nll:
    """Return the scores as (batch, time), with 0 at positions that are not scored.

    Args:
        nll: Scores of the scored positions in order, (positions).
        counted: Mask of the scored positions, (batch, time).
    """
    zeros = torch.zeros(counted.shape, dtype=nll.dtype, device=nll.device)
    return zeros.masked_scatter(counted, nll)
