"""Scores of words by any language model on token ids; the state of the model is the context.

A word may be several tokens. The first word of a sentence is encoded alone, the others with the
blank before them. The end of a sentence is encoded as a line end.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
import torch
from jaxtyping import Float64

from nextword.base import DataError, DivergedError
from nextword.generation import score_rows
from nextword.interop.kenlm.scorer import END, LN_10, START, UNBOUNDED_ORDER, WordScore, words_of
from nextword.interop.kenlm.state import Context
from nextword.models import CONTEXT, LanguageModel, State, inference
from nextword.tokens import Tokenizer

#: Words whose ids are kept.
_KEPT_WORDS = 1 << 16
#: Distributions that are kept: a decoder asks for several words after the same context.
_KEPT_DISTRIBUTIONS = 256
#: Number of batches of a beam search whose distributions are kept.
_KEPT_BATCHES = 16
_DIGEST_BYTES = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenContext:
    """The state of a model between two words.

    Attributes:
        state: The state before the last token, one row.
        last_id: The last token, which the model has not read yet.
        num_words: Number of words read.
        digest: Identifies all tokens read, or those that matter for a model of a fixed context.
    """

    state: State
    last_id: int
    num_words: int
    digest: bytes

    @property
    def key(self) -> tuple[Hashable, ...]:
        """The digest, and whether a word comes first: its blank is a token."""
        return (self.digest, self.num_words == 0)


class TokenScorer:
    """Scores words by a language model on token ids.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
    """

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer) -> None:
        self._model = model
        self._tokenizer = tokenizer
        window = model.context_size
        is_bounded = window is not None and tokenizer.counts_words and _is_window(model)
        self.order = window + 1 if is_bounded and window is not None else UNBOUNDED_ORDER
        texts = [tokenizer.token_text(number) for number in range(tokenizer.vocab_size)]
        if tokenizer.has_line_end_token:
            texts[tokenizer.sentence_end_id] = END
        self.entries = texts
        self._is_bounded = is_bounded
        self._encoded = lru_cache(_KEPT_WORDS)(self._encode)
        self._kept: OrderedDict[bytes, tuple[np.ndarray, State]] = OrderedDict()
        #: Contexts that were returned and whose distribution was not computed, oldest first.
        self._waiting: OrderedDict[bytes, TokenContext] = OrderedDict()
        self.look_ahead = 0
        with inference(model):
            state = model.initial_state(1)
        self._begin = self._context(state, model.boundary_id, num_words=0, digest=b"")

    def empty(self) -> Context:
        """Return the start of a sentence: a network has no other context."""
        return self._begin

    def begin(self) -> Context:
        """Return the context of the boundary token."""
        return self._begin

    def knows(self, word: str) -> bool:
        """Return whether no token of a word is unknown."""
        return not self._encoded(word, True)[1]

    def read(self, context: Context, word: str) -> WordScore:
        """Return the score of a word after a context."""
        assert isinstance(context, TokenContext)
        ids, is_unknown = self._encoded(word, context.num_words == 0)
        if len(ids) == 1:
            scores, state = self.distribution(context)
            log_prob = float(scores[ids[0]])
        else:
            log_probs, state = self._read_ids(context, ids)
            log_prob = float(log_probs.sum())
        after = self._context(
            state, ids[-1], num_words=context.num_words + 1, digest=_digest(context.digest, ids)
        )
        self._wait(after)
        return WordScore(log_prob / LN_10, self._length(context.num_words), is_unknown, after)

    def read_each(self, contexts: Sequence[Context], words: Sequence[str]) -> list[WordScore]:
        """Return the score of one word after each context, computed as one batch."""
        pairs = [(cast(TokenContext, c), word) for c, word in zip(contexts, words, strict=True)]
        encoded = [self._encoded(word, c.num_words == 0)[0] for c, word in pairs]
        if all(len(ids) == 1 for ids in encoded):
            self.precompute([context for context, _ in pairs])
            return [self.read(context, word) for context, word in pairs]
        return self._read_long(pairs, encoded)

    def read_all(self, context: Context, words: Sequence[str]) -> Iterator[WordScore]:
        """Iterate over the scores of words that follow each other; they are read in one call."""
        assert isinstance(context, TokenContext)
        if not words:
            return
        encoded = [
            self._encoded(word, context.num_words + place == 0) for place, word in enumerate(words)
        ]
        log_probs, _ = self._read_ids(context, [number for ids, _ in encoded for number in ids])
        ends = np.cumsum([len(ids) for ids, _ in encoded])
        sums = np.add.reduceat(log_probs, [0, *ends[:-1]])
        for place, (log_prob, (_, is_unknown)) in enumerate(zip(sums, encoded, strict=True)):
            length = self._length(context.num_words + place)
            # Only single words need the context after them.
            yield WordScore(float(log_prob) / LN_10, length, is_unknown, context)

    def next_scores(self, context: Context) -> Float64[np.ndarray, " vocab"]:
        """Return the log10 probability of every token, (vocab)."""
        assert isinstance(context, TokenContext)
        scores: Float64[np.ndarray, " vocab"] = self.distribution(context)[0] / LN_10
        return scores

    def distribution(self, context: TokenContext) -> tuple[Float64[np.ndarray, " vocab"], State]:
        """Return the log-probabilities of the next token in nats, and the state after the last.

        Raises:
            DivergedError: The model returns NaN.
        """
        contexts = [context]
        self._waiting.pop(context.digest, None)
        if context.digest not in self._kept:
            while self._waiting and len(contexts) <= self.look_ahead:
                contexts.append(self._waiting.popitem()[1])
        self.precompute(contexts)
        return self._kept[context.digest]

    def precompute(self, contexts: Sequence[TokenContext]) -> None:
        """Compute the distributions after several contexts as one batch, and keep them.

        Raises:
            DivergedError: The model returns NaN.
        """
        for context in contexts:
            if context.digest in self._kept:
                self._kept.move_to_end(context.digest)
        missing = list({c.digest: c for c in contexts if c.digest not in self._kept}.values())
        if not missing:
            return
        state = missing[0].state.concatenate([each.state for each in missing[1:]])
        token_ids = torch.tensor([[each.last_id] for each in missing], device=self._model.device)
        with inference(self._model):
            log_probs, after = self._model.next_log_probs(token_ids, state)
        found = log_probs[:, -1].double().cpu().numpy()
        if np.isnan(found).any():
            raise DivergedError(
                "the model returns NaN.",
                help="Its weights are not finite; use an earlier checkpoint.",
            )
        for row, context in enumerate(missing):
            self._kept[context.digest] = (found[row], after.select(torch.tensor([row])))
        limit = max(_KEPT_DISTRIBUTIONS, len(contexts), _KEPT_BATCHES * (self.look_ahead + 1))
        while len(self._kept) > limit:
            self._kept.popitem(last=False)

    def _wait(self, context: TokenContext) -> None:
        """Remember a context that a beam search may ask for."""
        if self.look_ahead and self._tokenizer.is_word_level and context.digest not in self._kept:
            self._waiting[context.digest] = context
            self._waiting.move_to_end(context.digest)
            if len(self._waiting) > _KEPT_BATCHES * self.look_ahead:
                self._waiting.popitem(last=False)

    def _read_long(
        self, pairs: Sequence[tuple[TokenContext, str]], encoded: Sequence[Sequence[int]]
    ) -> list[WordScore]:
        """Return the scores of words of several tokens, one after each context."""
        lengths = torch.tensor([len(ids) for ids in encoded])
        unread = torch.zeros(len(pairs), int(lengths.max()) + 1, dtype=torch.long)
        for row, ((context, _), ids) in enumerate(zip(pairs, encoded, strict=True)):
            unread[row, : len(ids) + 1] = torch.tensor([context.last_id, *ids])
        state = pairs[0][0].state.concatenate([context.state for context, _ in pairs[1:]])
        log_probs, after = score_rows(self._model, unread, state=state, num_read=lengths)
        found = []
        for row, ((context, word), ids) in enumerate(zip(pairs, encoded, strict=True)):
            is_unknown = self._encoded(word, context.num_words == 0)[1]
            following = self._context(
                after.select(torch.tensor([row])),
                ids[-1],
                num_words=context.num_words + 1,
                digest=_digest(context.digest, ids),
            )
            log10 = float(log_probs[row].sum()) / LN_10
            found.append(WordScore(log10, self._length(context.num_words), is_unknown, following))
        return found

    def _read_ids(
        self, context: TokenContext, ids: Sequence[int]
    ) -> tuple[Float64[np.ndarray, " num_tokens"], State]:
        """Return the log-probabilities of tokens in nats, and the state before the last one."""
        unread = torch.tensor([[context.last_id, *ids]])
        found, state = score_rows(
            self._model, unread, state=context.state, num_read=torch.tensor([len(ids)])
        )
        log_probs: Float64[np.ndarray, " num_tokens"] = found[0].numpy()
        return log_probs, state

    def _encode(self, word: str, is_first: bool) -> tuple[tuple[int, ...], bool]:
        """Return the ids of a word, and whether one of them is unknown."""
        tokenizer = self._tokenizer
        if word == END:
            return tuple(tokenizer.encode("\n").ids.tolist()), False
        try:
            encoding = tokenizer.encode(word if is_first else " " + word)
        except DataError:
            encoding = None
        is_one_word = not tokenizer.is_word_level or words_of(word) == [word]
        if word == START or encoding is None or not len(encoding.ids) or not is_one_word:
            return (tokenizer.unknown_id,), True
        return tuple(encoding.ids.tolist()), bool(encoding.unknown.any())

    def _context(
        self, state: State, last_id: int, *, num_words: int, digest: bytes
    ) -> TokenContext:
        if self._is_bounded:
            # What a window model remembers is all that matters.
            remembered = state.tensors[CONTEXT].cpu().numpy().tobytes()
            digest = _digest(remembered, [last_id])
        return TokenContext(state=state, last_id=last_id, num_words=num_words, digest=digest)

    def _length(self, num_words: int) -> int:
        """Return the number of words that a prediction depends on, `<s>` and the word included."""
        return min(num_words + 2, self.order)


def _is_window(model: LanguageModel) -> bool:
    """Return whether the state of a model is its last tokens, and nothing else."""
    return model.stride is None and list(model.initial_state(1).tensors) == [CONTEXT]


def _digest(before: bytes, ids: Sequence[int]) -> bytes:
    content = before + np.array(ids, dtype=np.int64).tobytes()
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
