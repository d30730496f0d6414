"""The subject of an audit: a model, the passage it is evaluated on, and its run and tokenizer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from nextword.evaluation.audit.differences import largest_difference
from nextword.evaluation.audit.passage import NUM_ROWS, Passage
from nextword.evaluation.audit.run_texts import RunTexts
from nextword.models import LanguageModel, State
from nextword.tensors import LogProbs, TokenIds
from nextword.tokens import Tokenizer


class NotApplicable(Exception):
    """Raised by a check that does not apply to the subject; the message is the reason."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A model under audit, with everything that the checks need.

    Attributes:
        model: The model, in evaluation mode.
        passage: Token ids to evaluate it on, on the model's device.
        reload: Saves the model and returns the model loaded from that copy; None if unavailable.
        texts: Encoded texts of the model's run; None if there are none.
        tokenizer: The model's tokenizer; None if it was not given.
        num_characters_lost: Number of characters of the audited text that encoding dropped; None if
            no text was given.
    """

    model: LanguageModel
    passage: Passage
    reload: Callable[[], LanguageModel] | None = None
    texts: RunTexts | None = None
    tokenizer: Tokenizer | None = None
    num_characters_lost: int | None = None

    def fresh(self) -> State:
        """Return the initial state, before any token."""
        return self.model.initial_state(NUM_ROWS)

    def started(self) -> State:
        """Return a new state after the ids of `passage.before`, which differ between rows."""
        return self.model.advance(self.passage.before, self.fresh())

    def scores(self, state: State, token_ids: TokenIds | None = None) -> LogProbs:
        """Return the log-probabilities after each token, (rows, steps, vocab_size).

        Args:
            state: State before the first token.
            token_ids: Ids to read, (rows, steps); those of the passage when None.
        """
        ids = self.passage.token_ids if token_ids is None else token_ids
        return self.model.next_log_probs(ids, state)[0]

    @cached_property
    def dtype(self) -> torch.dtype:
        """The dtype of the model's log-probabilities."""
        return self.scores(self.fresh()).dtype

    def state_difference(
        self, actual: State, expected: State, *, rows: slice | list[int] = slice(None)
    ) -> float:
        """Return the largest difference between log-probabilities computed from two states.

        The tensors themselves are not compared, because equal states may be stored differently.

        Args:
            actual: A state.
            expected: The state it should be equal to.
            rows: Rows to compare; all by default.

        Returns:
            The largest difference, in nats; infinite if the token counts of the states differ.
        """
        if not torch.equal(actual.num_tokens[rows], expected.num_tokens[rows]):
            return float("inf")
        scores = [self.scores(_copied(state), self.passage.after) for state in (actual, expected)]
        return largest_difference(scores[0][rows], scores[1][rows])


def _copied(state: State) -> State:
    """Return a deep copy, so that a model that modifies states makes only `state_fork` fail."""
    return replace(state, tensors={name: part.clone() for name, part in state.tensors.items()})
