"""What is audited: a model, a passage to read to it, and what is known of where it comes from."""

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
    """A check says nothing about this subject; the message is the reason."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A model under audit.

    Attributes:
        model: In evaluation mode.
        passage: What is read to it, on its device.
        reload: Saves the model, and gives what is loaded from there; None where it cannot.
        texts: The encoded texts of its run; None where there are none.
        tokenizer: Its tokenizer; None where none is given.
        num_characters_lost: Characters of the text under audit that encoding lost; None where
            there is no such text.
    """

    model: LanguageModel
    passage: Passage
    reload: Callable[[], LanguageModel] | None = None
    texts: RunTexts | None = None
    tokenizer: Tokenizer | None = None
    num_characters_lost: int | None = None

    def fresh(self) -> State:
        """Give the state of rows that have read nothing."""
        return self.model.initial_state(NUM_ROWS)

    def started(self) -> State:
        """Give a state that has read something, other things in every row; made anew each time."""
        return self.model.advance(self.passage.before, self.fresh())

    def scores(self, state: State, token_ids: TokenIds | None = None) -> LogProbs:
        """Give the distributions after each token, of the passage unless others are given."""
        ids = self.passage.token_ids if token_ids is None else token_ids
        return self.model.next_log_probs(ids, state)[0]

    @cached_property
    def dtype(self) -> torch.dtype:
        """Give the precision that the model scores in."""
        return self.scores(self.fresh()).dtype

    def state_difference(
        self, actual: State, expected: State, rows: slice | list[int] = slice(None)
    ) -> float:
        """Give how differently some rows of two states read on.

        States are compared by what they are for, since equal memories may be laid out differently.

        Returns:
            The largest difference of a log-probability, nats; infinite where the states do not
            say the same number of tokens read.
        """
        if not torch.equal(actual.num_tokens[rows], expected.num_tokens[rows]):
            return float("inf")
        read_on = [self.scores(_copied(state), self.passage.after) for state in (actual, expected)]
        return largest_difference(read_on[0][rows], read_on[1][rows])


def _copied(state: State) -> State:
    """Give a copy to read on from: a model that writes into states shall spoil no other check."""
    return replace(state, tensors={name: part.clone() for name, part in state.tensors.items()})
