"""The contract of every language model, n-gram to Transformer.

It speaks of token ids alone and knows nothing of text. Evaluation, generation, rescoring, serving
and the audit are written once, against this file.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from nextword.base import FormatError, ShapeError, Values, VocabularyError
from nextword.models.state import State, state_from_bytes
from nextword.tensors import Lengths, LogProbs, Mask, Nll, TokenIds

#: What the families that remember their last tokens call them in a state.
CONTEXT = "context"


class LanguageModel(ABC):
    """Gives the distribution of the next token, and keeps what it has read in a `State`.

    Feeding a text whole, in chunks, or a token at a time gives the same numbers. Steps beyond
    `lengths` leave the state as it was; `mask` touches only the score.

    Attributes:
        family: Name of the family, as in `model.family`.
        vocab_size: Number of token ids.
        boundary_id: The id that is read before the first token of a text.
        never_ids: Ids that are never predicted; their log-probability is -inf.
        builds_distributions: Whether `nll` builds the distributions that it scores from, which is
            what limits how many targets can be scored at once.
        stride: Tokens between re-encodings; None for a model that reads each token once.
        context_size: Tokens that a prediction, or a layer of the model, looks back on; None for a
            model whose state sums up all it has read.
    """

    family: str
    vocab_size: int
    boundary_id: int
    never_ids: tuple[int, ...]
    builds_distributions: bool = True
    stride: int | None = None
    context_size: int | None = None

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where the model computes."""

    @property
    @abstractmethod
    def num_parameters(self) -> int:
        """Trained numbers, shared ones counted once."""

    @property
    def details(self) -> Values:
        """What else there is to say of the model, as JSON values by name."""
        return {}

    @abstractmethod
    def fingerprint(self) -> str:
        """Identify the model's sizes and weights, as hexadecimal digits."""

    @abstractmethod
    def tensors(self) -> dict[str, Tensor]:
        """Give by name what a model folder keeps of the model, beside its settings."""

    @abstractmethod
    def initial_state(self, batch_size: int) -> State:
        """Give the state of rows that have read nothing, not even the boundary."""

    @abstractmethod
    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and give the distribution of the next one after each, in nats.

        Args:
            token_ids: Ids to read, (batch, time).
            state: What was read before.
            lengths: Steps that count in each row, (batch); all when None.

        Returns:
            Log-probabilities, (batch, time, vocab), and the state after reading.

        Raises:
            ShapeError: Sizes do not fit together.
            VocabularyError: An id lies outside the vocabulary.
        """

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        """Read tokens and give the state after them."""
        return self.next_log_probs(token_ids, state, lengths)[1]

    def nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        state: State,
        lengths: Lengths | None = None,
        mask: Mask | None = None,
    ) -> tuple[Nll, State]:
        """Read tokens and score the targets that follow them, in nats.

        Args:
            token_ids: Ids to read, (batch, time).
            target_ids: The id that follows each, (batch, time).
            state: What was read before.
            lengths: Steps that count in each row, (batch); all when None.
            mask: True where a target is scored, (batch, time); all within lengths when None.

        Returns:
            Negative log-likelihoods, (batch, time), 0 where nothing is scored; and the state.
        """
        self.check_targets(token_ids, target_ids)
        log_probs, state = self.next_log_probs(token_ids, state, lengths)
        nll = -log_probs.gather(2, target_ids[:, :, None]).squeeze(2)
        counted = scored(target_ids, lengths, mask)
        return torch.where(counted, nll, torch.zeros_like(nll)), state

    def state_from_bytes(self, data: bytes) -> State:
        """Read a state that `State.to_bytes` wrote.

        Args:
            data: The bytes.

        Raises:
            FormatError: The bytes are damaged.
            MismatchError: The state belongs to another model.
        """
        state = state_from_bytes(data, self.initial_state(1))
        remembered = state.tensors.get(CONTEXT)
        if remembered is not None and remembered.numel():
            self._check_remembered(CONTEXT, remembered)
        return state

    def _check_remembered(self, name: str, token_ids: Tensor) -> None:
        """Refuse tokens that a state remembers if they are no tokens; -1 stands for none."""
        lowest, highest = (int(bound) for bound in token_ids.aminmax())
        if lowest < -1 or highest >= self.vocab_size:
            raise FormatError(
                f"the state is damaged: {name} has token ids from {lowest} to {highest}; the "
                f"vocabulary has {self.vocab_size}.",
                help="Read the text again to get a new state.",
            )

    def check_inputs(self, token_ids: Tensor, state: State, lengths: Tensor | None = None) -> None:
        """Refuse inputs that do not fit together, with the sizes seen.

        Raises:
            ShapeError: Sizes do not fit together.
            VocabularyError: An id lies outside the vocabulary.
        """
        if token_ids.ndim != 2:
            raise ShapeError(
                f"token_ids has shape {tuple(token_ids.shape)}; (batch, time) is expected."
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
        """Refuse targets that do not stand beside the tokens or lie outside the vocabulary.

        Raises:
            ShapeError: The sizes differ.
            VocabularyError: An id lies outside the vocabulary.
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
                f"token ids run from {lowest} to {highest}; the vocabulary has {self.vocab_size}."
            )


def scored(token_ids: TokenIds, lengths: Lengths | None, mask: Mask | None) -> Mask:
    """Say which positions count: those within `lengths` that `mask` does not hide."""
    counted = torch.ones_like(token_ids, dtype=torch.bool) if mask is None else mask
    if lengths is None:
        return counted
    steps = torch.arange(token_ids.shape[1], device=token_ids.device)
    return counted & (steps < lengths[:, None])
