"""The base class of all language models, from n-grams to Transformers.

Models work on token ids, not on text. Evaluation, generation, export and the audit use only the
methods of this class.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from nextword.base import FormatError, ShapeError, Values, VocabularyError
from nextword.models.state import State, state_from_bytes
from nextword.tensors import Lengths, LogProbs, Mask, Nll, TokenIds

#: Name in a state of the last token ids, for the families that keep them.
CONTEXT = "context"


class LanguageModel(ABC):
    """Predicts the next token from the tokens before it, which a `State` represents.

    The results are the same whether a text is read at once, in chunks or token by token. Steps
    beyond `lengths` do not change the state; `mask` affects the score only.

    Attributes:
        family: Name of the family, as in `model.family`.
        vocab_size: Number of token ids.
        boundary_id: The id that is read before the first token of a text.
        never_ids: Ids that are never predicted; their log-probability is -inf.
        builds_distributions: Whether `nll` computes the probabilities of all tokens; if so, memory
            limits the number of targets that can be scored at once.
        stride: Number of tokens between re-encodings; None for a model that reads each token once.
        context_size: Number of tokens that a prediction, or a layer of the model, depends on
            directly; None for a model whose state depends on all tokens read.
    """

    family: str
    vocab_size: int
    boundary_id: int
    never_ids: tuple[int, ...]
    builds_distributions: bool = True
    stride: int | None = None
    context_size: int | None = None

    def __call__(self, token_ids: TokenIds, state: State | None = None) -> tuple[LogProbs, State]:
        """Return what `next_log_probs` returns, from the initial state if none is given."""
        before = self.initial_state(len(token_ids)) if state is None else state
        return self.next_log_probs(token_ids, before)

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """The device of the model."""

    @property
    @abstractmethod
    def num_parameters(self) -> int:
        """Number of trained parameters; shared ones are counted once."""

    @property
    def details(self) -> Values:
        """Further facts about the model, as JSON values by name."""
        return {}

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a hash of the model's sizes and weights, as hexadecimal digits."""

    @abstractmethod
    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors that are saved in a model folder, by name."""

    @abstractmethod
    def initial_state(self, batch_size: int) -> State:
        """Return the state of rows that have read nothing, not even the boundary."""

    @abstractmethod
    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and return the log-probabilities of the next token after each.

        Args:
            token_ids: Ids to read, (batch, time).
            state: The state before them.
            lengths: Number of valid steps in each row, (batch); all when None.

        Returns:
            Log-probabilities in nats, (batch, time, vocab_size), and the state after reading.

        Raises:
            ShapeError: The shapes do not match.
            VocabularyError: An id is outside the vocabulary.
        """

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        """Read tokens and return the state after them; takes the arguments of `next_log_probs`."""
        return self.next_log_probs(token_ids, state, lengths)[1]

    def nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        state: State,
        lengths: Lengths | None = None,
        mask: Mask | None = None,
    ) -> tuple[Nll, State]:
        """Read tokens and return the negative log-likelihood of the target after each.

        Args:
            token_ids: Ids to read, (batch, time).
            target_ids: The id that follows each, (batch, time).
            state: The state before them.
            lengths: Number of valid steps in each row, (batch); all when None.
            mask: True where a target is scored, (batch, time); all valid steps when None.

        Returns:
            Negative log-likelihoods in nats, (batch, time), 0 where no target is scored; and the
            state after reading.

        Raises:
            ShapeError: The shapes do not match.
            VocabularyError: An id is outside the vocabulary.
        """
        self.check_targets(token_ids, target_ids)
        log_probs, state = self.next_log_probs(token_ids, state, lengths)
        nll = -log_probs.gather(2, target_ids[:, :, None]).squeeze(2)
        counted = scored(target_ids, lengths, mask=mask)
        return torch.where(counted, nll, torch.zeros_like(nll)), state

    def state_from_bytes(self, data: bytes) -> State:
        """Deserialize a state.

        Args:
            data: The result of `State.to_bytes`.

        Raises:
            FormatError: The bytes are damaged.
            MismatchError: The state belongs to another model.
        """
        state = state_from_bytes(data, self.initial_state(1))
        for name, remembered in state.tensors.items():
            # The state of an inner model has the name of that model in front.
            if name.rpartition(".")[2] == CONTEXT and remembered.numel():
                self._check_remembered(name, remembered)
        return state

    def _check_remembered(self, name: str, token_ids: Tensor) -> None:
        """Raise a FormatError for remembered ids outside the vocabulary; -1 means no token."""
        lowest, highest = (int(bound) for bound in token_ids.aminmax())
        if lowest < -1 or highest >= self.vocab_size:
            raise FormatError(
                f"the state is damaged: {name} has token ids from {lowest} to {highest}, but the "
                f"vocabulary has {self.vocab_size} ids.",
                help="Read the text again to get a new state.",
            )

    def check_inputs(
        self, token_ids: Tensor, state: State, *, lengths: Tensor | None = None
    ) -> None:
        """Raise an error if the inputs of a call do not match.

        Args:
            token_ids: Ids to read; must be (batch, time).
            state: The state before them.
            lengths: Number of valid steps in each row; must be (batch).

        Raises:
            ShapeError: The shapes do not match.
            VocabularyError: An id is outside the vocabulary.
        """
        if token_ids.ndim != 2:
            raise ShapeError(
                f"token_ids has shape {tuple(token_ids.shape)}; expected (batch, time)."
            )
        batch_size, num_steps = token_ids.shape
        if state.batch_size != batch_size:
            raise ShapeError(f"the state has {state.batch_size} rows, token_ids has {batch_size}.")
        if lengths is not None and (
            lengths.shape != (batch_size,) or bool(((lengths < 0) | (lengths > num_steps)).any())
        ):
            raise ShapeError(f"lengths must be {batch_size} numbers between 0 and {num_steps}.")
        self._check_ids(token_ids)

    def check_targets(self, token_ids: Tensor, target_ids: Tensor) -> None:
        """Raise an error if the targets do not match the tokens.

        Args:
            token_ids: Ids to read, (batch, time).
            target_ids: The id that follows each; must be (batch, time).

        Raises:
            ShapeError: The shapes differ.
            VocabularyError: An id is outside the vocabulary.
        """
        if target_ids.shape != token_ids.shape:
            raise ShapeError(
                f"target_ids has shape {tuple(target_ids.shape)}, token_ids "
                f"{tuple(token_ids.shape)}; they must agree."
            )
        self._check_ids(target_ids)

    def _check_ids(self, ids: Tensor) -> None:
        if ids.numel() == 0:
            return
        lowest, highest = (int(bound) for bound in ids.aminmax())
        if lowest < 0 or highest >= self.vocab_size:
            raise VocabularyError(
                f"token ids range from {lowest} to {highest}, but the vocabulary has "
                f"{self.vocab_size} ids."
            )


def scored(token_ids: TokenIds, lengths: Lengths | None, *, mask: Mask | None) -> Mask:
    """Return the mask of the positions that are scored.

    Args:
        token_ids: Ids, (batch, time).
        lengths: Number of valid steps in each row, (batch); all when None.
        mask: True where a target is scored, (batch, time); all when None.

    Returns:
        True at valid steps that `mask` selects, (batch, time).
    """
    counted = torch.ones_like(token_ids, dtype=torch.bool) if mask is None else mask
    if lengths is None:
        return counted
    steps = torch.arange(token_ids.shape[1], device=token_ids.device)
    return counted & (steps < lengths[:, None])
