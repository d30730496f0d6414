"""The n-gram language model: predicts the next token from the last ones by table look-up."""

import hashlib
from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from nextword.models import LanguageModel, State, scored
from nextword.ngrams import (
    NOT_FOUND,
    NOTHING,
    Matches,
    NgramTables,
    match_rows,
    next_word_log_probs,
    score_rows,
    score_words,
)
from nextword.tensors import Lengths, LogProbs, Mask, Nll, TokenIds
from nextword.tokens import VocabularySpec

_CONTEXT = "context"
#: Number of values that are hashed at a time.
_HASHED = 1 << 24


class NgramLanguageModel(LanguageModel):
    """p(w | h) from the longest stored n-gram, with back-off to shorter ones.

    The boundary (or `<s>`) begins a sentence, and n-grams do not cross it. So for word tokenizers
    the state after `</s>` predicts the same as a new state.

    Args:
        tables: Probabilities and back-off weights.
        vocabulary: Special ids; the boundary is looked up as `<s>` (`start_id`).

    Source: [lecture-000], [lecture-004], [chen1998].
    """

    family = "ngram"
    builds_distributions = False

    def __init__(self, tables: NgramTables, *, vocabulary: VocabularySpec) -> None:
        self.tables = tables
        self.vocab_size = tables.vocab_size
        self.boundary_id = vocabulary.boundary_id
        self.start_id = vocabulary.start_id
        self.never_ids = vocabulary.never_ids
        self.context_size = tables.order - 1
        self._fingerprint: str | None = None

    @property
    def order(self) -> int:
        """Number of tokens in the longest n-grams."""
        return self.tables.order

    @property
    def device(self) -> torch.device:
        """The CPU, where the tables are looked up."""
        return torch.device("cpu")

    @property
    def num_parameters(self) -> int:
        """Number of stored probabilities and back-off weights."""
        return self.tables.num_parameters

    def tensors(self) -> dict[str, Tensor]:
        """Return the tables by name, without copying."""
        return {name: torch.from_numpy(values) for name, values in self.tables.arrays().items()}

    def fingerprint(self) -> str:
        """Return the sha256 of the tables and special ids; computed once."""
        if self._fingerprint is None:
            digest = hashlib.sha256(repr((self.boundary_id, self.never_ids)).encode())
            for name, values in self.tables.arrays().items():
                digest.update(f"{name} {values.shape} ".encode())
                for begin in range(0, len(values), _HASHED):
                    digest.update(np.ascontiguousarray(values[begin : begin + _HASHED]).data)
                    self.tables.release()
            self._fingerprint = digest.hexdigest()
        return self._fingerprint

    def initial_state(self, batch_size: int) -> State:
        """Return the state of rows that have read nothing: no last tokens."""
        row = torch.full((self.order - 1,), NOTHING, dtype=torch.int64)
        return State.fresh({_CONTEXT: row}, batch_size=batch_size, fingerprint=self.fingerprint)

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and return the log-probabilities of the next token after each, in nats."""
        self.check_inputs(token_ids, state, lengths=lengths)
        words = self._window(token_ids, state)
        contexts = self._contexts(words)
        log_probs = next_word_log_probs(
            self.tables, contexts, num_places=token_ids.numel(), never_ids=self.never_ids
        )
        shaped = torch.from_numpy(log_probs).view(*token_ids.shape, self.vocab_size)
        return shaped, self._after(words, token_ids, state, lengths)

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        """Read tokens without scoring anything and return the state after them."""
        self.check_inputs(token_ids, state, lengths=lengths)
        return self._after(self._window(token_ids, state), token_ids, state, lengths)

    def nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        state: State,
        lengths: Lengths | None = None,
        mask: Mask | None = None,
    ) -> tuple[Nll, State]:
        """Read tokens and return the negative log-likelihoods of the targets, in nats."""
        self.check_inputs(token_ids, state, lengths=lengths)
        self.check_targets(token_ids, target_ids)
        counted = scored(target_ids, lengths, mask=mask).numpy()
        words = self._window(token_ids, state)
        log_probs = score_rows(
            self.tables,
            words,
            target_ids=target_ids.numpy(),
            counted=counted,
            start_id=self.start_id,
        )
        log_probs[np.isin(target_ids.numpy()[counted], self.never_ids)] = -np.inf
        nll = np.zeros(counted.shape, dtype=np.float32)
        nll[counted] = -log_probs
        return torch.from_numpy(nll), self._after(words, token_ids, state, lengths)

    def match_orders(
        self, token_ids: TokenIds, target_ids: TokenIds, *, state: State
    ) -> Int64[Tensor, "batch time"]:
        """Return the order of the stored n-gram that each target is found in.

        Args:
            token_ids: Ids to read, (batch, time).
            target_ids: The id that follows each, (batch, time).
            state: The state before them.

        Returns:
            Orders, (batch, time); 1 for unseen words.
        """
        self.check_inputs(token_ids, state)
        self.check_targets(token_ids, target_ids)
        contexts = self._contexts(self._window(token_ids, state))
        _, orders = score_words(self.tables, contexts, targets=target_ids.numpy().ravel())
        return torch.from_numpy(orders).view(token_ids.shape)

    def context_lengths(self, token_ids: TokenIds, state: State) -> Int64[Tensor, "batch time"]:
        """Return the number of last tokens that form the longest stored context, (batch, time).

        Args:
            token_ids: Ids to read, (batch, time).
            state: The state before them.

        Returns:
            Lengths, (batch, time), from 1 to the order minus 1; 0 for an order of 1.
        """
        self.check_inputs(token_ids, state)
        contexts = self._contexts(self._window(token_ids, state))
        lengths = np.zeros(token_ids.numel(), dtype=np.int64)
        for length, ranks in enumerate(contexts.ranks, start=1):
            lengths[ranks != NOT_FOUND] = length
        return torch.from_numpy(lengths).view(token_ids.shape)

    def _window(self, token_ids: TokenIds, state: State) -> Int64[np.ndarray, "batch width"]:
        """Return the remembered and the new ids, (batch, width), with boundaries as `<s>`."""
        words = token_ids.numpy()
        words = np.where(words == self.boundary_id, self.start_id, words)
        return np.concatenate([state.tensors[_CONTEXT].numpy(), words], axis=1)

    def _contexts(self, words: Int64[np.ndarray, "batch width"]) -> Matches:
        """Return the n-grams that end at each new token."""
        counted = np.ones((len(words), words.shape[1] - self.order + 1), dtype=bool)
        return match_rows(self.tables, words, counted=counted, start_id=self.start_id)[0]

    def _after(
        self,
        words: Int64[np.ndarray, "batch width"],
        token_ids: TokenIds,
        state: State,
        lengths: Lengths | None,
    ) -> State:
        """Return the state with the last tokens of each row, from the last `<s>` on."""
        num_rows, num_steps = token_ids.shape
        read = np.full(num_rows, num_steps) if lengths is None else lengths.numpy()
        places = read[:, None] + np.arange(self.order - 1)
        context = np.take_along_axis(words, places, axis=1)
        begins = context == self.start_id
        later_begins = np.cumsum(begins[:, ::-1], axis=1)[:, ::-1] - begins
        context[later_begins > 0] = NOTHING
        num_new_tokens = num_steps if lengths is None else lengths
        return state.after({_CONTEXT: torch.from_numpy(context)}, num_new_tokens=num_new_tokens)


def ngram_from_arrays(
    arrays: Mapping[str, np.ndarray], *, vocabulary: VocabularySpec, source: str
) -> NgramLanguageModel:
    """Build a model from the result of `NgramTables.arrays`, without copying.

    Args:
        arrays: Arrays by name.
        vocabulary: Size and special ids of the vocabulary.
        source: Where the arrays come from, for error messages.

    Raises:
        FormatError: The arrays are damaged or do not fit the vocabulary.
    """
    tables = NgramTables.from_arrays(arrays, vocab_size=vocabulary.vocab_size, source=source)
    return NgramLanguageModel(tables, vocabulary=vocabulary)
