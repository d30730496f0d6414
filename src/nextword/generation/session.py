"""Incremental inference: feed or score token ids, get the distribution of the next, sample it.

Uses models and ids; does not depend on text. Memory does not grow with the number of tokens read.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor

from nextword.base import ConfigError, ShapeError, require_range
from nextword.generation.rows import (
    Prediction,
    SeenIds,
    SessionBytes,
    padded_rows,
    read_rows,
    score_rows,
)
from nextword.generation.sampling import SamplingConfig, filter_log_probs, sample
from nextword.models import LanguageModel, State, inference
from nextword.packed import PackedLanguageModel, fast_model
from nextword.tensors import Lengths, Rows, TokenIds

#: Longest text that packed weights read; the layers of the model read longer ones faster.
MOST_PACKED_STEPS = 32


class Session:
    """The state of a model for a batch of rows that are read incrementally.

    Every row starts with the boundary token, so `log_probs` is defined before the first call of
    `feed`. Rows can have different lengths; they can be added from another session (`join`) and
    removed (`select`). A row does not depend on the other rows, except for rounding differences of
    batched arithmetic. The model runs in evaluation mode without gradients; its previous mode is
    restored after each call. Its weights must not change while a session is in use.

    Args:
        model: The model.
        num_rows: Number of rows, at least 1.

    Raises:
        ConfigError: num_rows is below 1, or the model is not a `LanguageModel`.

    Example:
        >>> import numpy as np
        >>> from nextword.families import NetworkSpec, RecurrentConfig
        >>> from nextword.tokens import VocabularySpec
        >>> vocabulary = VocabularySpec(vocab_size=9, boundary_id=1, start_id=1)
        >>> model = RecurrentConfig(hidden_size=4).build(NetworkSpec(vocabulary=vocabulary))
        >>> session = Session(model, num_rows=2)
        >>> session.feed([[3, 5, 8], [4]])
        >>> session.log_probs.shape
        torch.Size([2, 9])
        >>> drawn = session.sample([np.random.default_rng(seed) for seed in (0, 1)])
        >>> session.feed(drawn[:, None])
        >>> session.num_tokens.tolist()
        [4, 2]
    """

    def __init__(self, model: LanguageModel, *, num_rows: int = 1) -> None:
        require_range("num_rows", num_rows, low=1)
        if not isinstance(model, LanguageModel):
            raise ConfigError(
                f"a {type(model).__name__} is given where a LanguageModel is expected.",
                help="Pass the network of a loaded model: Session(model.language_model).",
            )
        self._model = model
        self._packed = fast_model(model)
        # The last token of a row is read only when the distribution of the next token is needed.
        if self._packed is not None:
            self._state = self._packed.initial_state(num_rows)
        else:
            with inference(model):
                self._state = model.initial_state(num_rows)
        self._last_ids = torch.full((num_rows,), model.boundary_id)
        self._seen = SeenIds(num_rows=num_rows, vocab_size=model.vocab_size)
        self._prediction: Prediction | None = None
        self._is_new = True

    @property
    def model(self) -> LanguageModel:
        """The model."""
        return self._model

    @property
    def packed(self) -> PackedLanguageModel | None:
        """The model with packed weights, which reads single tokens; None if it has none."""
        return self._packed

    @property
    def unread(self) -> tuple[State, Rows]:
        """The state of the model before the last token of each row, and this token, (rows)."""
        return self._state, self._last_ids.clone()

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return len(self._last_ids)

    @property
    def num_tokens(self) -> Int64[Tensor, " rows"]:
        """Number of tokens fed to each row, without the boundary, (rows)."""
        return self._state.num_tokens.cpu()

    @property
    def log_probs(self) -> Float64[Tensor, "rows vocab"]:
        """Log-probabilities of the next token on the CPU, (rows, vocab), in nats.

        They are computed once, on first access. Each access returns a copy, so modifying it does
        not affect `sample`.
        """
        return self._next_prediction().log_probs.clone()

    @property
    def last_ids(self) -> Int64[Tensor, " rows"]:
        """The last token of each row, the boundary if nothing was fed, (rows)."""
        return self._last_ids.clone()

    @property
    def seen(self) -> Bool[Tensor, "rows vocab"]:
        """True for ids that a row has read, (rows, vocab); the boundary is not counted."""
        self._seen = SeenIds.of(self._seen.mask())
        return self._seen.mask().clone()

    @property
    def state(self) -> State:
        """The state of the model after the boundary and all tokens fed."""
        return self._next_prediction().state

    def feed(
        self, token_ids: Tensor | Sequence[Sequence[int]], lengths: Tensor | None = None
    ) -> None:
        """Read the next tokens of every row.

        If it raises an error, the session is unchanged.

        Args:
            token_ids: One list of ids per row, of any lengths; or a tensor, (rows, time).
            lengths: With a tensor, number of valid ids in each row, (rows); all when None.

        Raises:
            ShapeError: Sizes do not match.
            VocabularyError: An id is not in the vocabulary.
        """
        token_ids, lengths = padded_rows(token_ids, lengths, padding_id=self._model.boundary_id)
        self._model.check_inputs(token_ids, self._state, lengths=lengths)
        if not lengths.any():
            return
        unread = torch.cat([self._last_ids[:, None], token_ids], dim=1)
        self._use_first_prediction()
        if self._prediction is not None and bool(lengths.all()):
            first, before, num_read = 1, self._prediction.state, lengths - 1
        else:
            first, before, num_read = 0, self._state, lengths
        is_short = int(num_read.max()) <= MOST_PACKED_STEPS
        reader = self._packed if self._packed is not None and is_short else self._model
        state = read_rows(reader, unread[:, first:], state=before, num_read=num_read)
        self._end_with(unread, lengths, state=state)

    def score(
        self, token_ids: Tensor | Sequence[Sequence[int]], lengths: Tensor | None = None
    ) -> Float64[Tensor, "rows time"]:
        """Read the next tokens of every row, as `feed` does, and return their log-probabilities.

        Each token is scored given all tokens before it in its row, those of earlier calls included.
        A text can be scored in parts: repeated calls return what one call would. Memory for the
        distributions is bounded; a model whose loss does not need them does not build them.

        If it raises an error, the session is unchanged.

        Args:
            token_ids: One list of ids per row, of any lengths; or a tensor, (rows, time).
            lengths: With a tensor, number of valid ids in each row, (rows); all when None.

        Returns:
            Log-probabilities on the CPU, (rows, time), in nats; -inf for a token of probability 0,
            and 0 at padding.

        Raises:
            DivergedError: The model returns NaN.
            ShapeError: Sizes do not match.
            VocabularyError: An id is not in the vocabulary.

        Example:
            >>> from nextword.families import NetworkSpec, RecurrentConfig
            >>> from nextword.tokens import VocabularySpec
            >>> vocabulary = VocabularySpec(vocab_size=9, boundary_id=1, start_id=1)
            >>> model = RecurrentConfig(hidden_size=4).build(NetworkSpec(vocabulary=vocabulary))
            >>> session = Session(model)
            >>> expected = session.log_probs[0, 3]
            >>> log_probs = session.score([[3, 5, 8]])
            >>> log_probs.shape
            torch.Size([1, 3])
            >>> bool(torch.isclose(log_probs[0, 0], expected))
            True
        """
        token_ids, lengths = padded_rows(token_ids, lengths, padding_id=self._model.boundary_id)
        self._model.check_inputs(token_ids, self._state, lengths=lengths)
        unread = torch.cat([self._last_ids[:, None], token_ids], dim=1)
        log_probs, state = score_rows(self._model, unread, state=self._state, num_read=lengths)
        if lengths.any():
            self._end_with(unread, lengths, state=state)
        return log_probs

    def predict(
        self, token_ids: Tensor | Sequence[Sequence[int]], lengths: Tensor | None = None
    ) -> Float64[Tensor, "rows time vocab"]:
        """Read the next tokens of every row, as `feed` does, and return what predicted each.

        Memory grows with the number of tokens and the vocabulary. Pass a long text in parts.

        If it raises an error, the session is unchanged.

        Args:
            token_ids: One list of ids per row, of any lengths; or a tensor, (rows, time).
            lengths: With a tensor, number of valid ids in each row, (rows); all when None.

        Returns:
            Log-probabilities on the CPU, (rows, time, vocab), in nats: those before each token is
            read. Values at padding have no meaning.

        Raises:
            ShapeError: Sizes do not match.
            VocabularyError: An id is not in the vocabulary.
        """
        token_ids, lengths = padded_rows(token_ids, lengths, padding_id=self._model.boundary_id)
        self._model.check_inputs(token_ids, self._state, lengths=lengths)
        unread = torch.cat([self._last_ids[:, None], token_ids], dim=1)
        device = self._model.device
        is_ragged = bool((lengths < token_ids.shape[1]).any())
        with inference(self._model):
            log_probs, state = self._model.next_log_probs(
                unread[:, :-1].to(device), self._state, lengths.to(device) if is_ragged else None
            )
        if lengths.any():
            self._end_with(unread, lengths, state=state)
        return log_probs.double().cpu()

    def sample(
        self,
        generators: Sequence[np.random.Generator],
        *,
        config: SamplingConfig | None = None,
        banned_ids: Sequence[int] = (),
    ) -> Int64[Tensor, " rows"]:
        """Sample the next token of every row, without feeding it.

        Args:
            generators: One random number generator for each row; each yields one number per call.
            config: Settings of sampling; the distribution of the model is not changed when None.
                The repetition penalty applies to all tokens fed, but not to the boundary.
            banned_ids: Ids that are never sampled.

        Returns:
            Ids, (rows).

        Raises:
            ConfigError: Every token is banned.
            DivergedError: The model returns NaN.
            ShapeError: The number of generators is not the number of rows.
        """
        if len(generators) != self.num_rows:
            raise ShapeError(
                f"there are {len(generators)} generators for {self.num_rows} rows; each row needs "
                "one."
            )
        banned = torch.tensor(list(banned_ids), dtype=torch.int64)
        allowed = self._next_prediction().log_probs.index_fill(1, banned, -torch.inf)
        config = SamplingConfig() if config is None else config
        return sample(filter_log_probs(allowed, self.seen, config=config), generators)

    def select(self, rows: Rows | Sequence[int]) -> None:
        """Keep only these rows, in this order.

        Args:
            rows: Indices of rows; an index can occur more than once.

        Raises:
            ShapeError: No index is passed, or one is out of range.
        """
        rows = torch.as_tensor(rows, dtype=torch.int64)
        if rows.ndim != 1 or not len(rows) or rows.min() < 0 or rows.max() >= self.num_rows:
            raise ShapeError(
                f"rows are {rows.tolist()}; at least one index from 0 to {self.num_rows - 1} is "
                "expected."
            )
        self._state = self._state.select(rows)
        self._last_ids = self._last_ids[rows]
        self._seen = self._seen.select(rows)
        self._prediction = None if self._prediction is None else self._prediction.select(rows)
        self._is_new = False

    def join(self, other: "Session") -> None:
        """Append the rows of another session of the same model; that session is not modified.

        Raises:
            ConfigError: The other session has another model.
        """
        if other._model is not self._model:
            raise ConfigError(
                "the rows of a session can only join a session of the same model object.",
                help="Create both sessions with the same model.",
            )
        if self._prediction is not None and other._prediction is not None:
            self._prediction = self._prediction.concatenate(other._prediction)
        else:
            self._prediction = None
        self._is_new = False
        self._state = self._state.concatenate([other._state])
        self._last_ids = torch.cat([self._last_ids, other._last_ids])
        self._seen = self._seen.concatenate(other._seen)

    @classmethod
    def resume(
        cls,
        model: LanguageModel,
        state: State,
        *,
        last_ids: Rows,
        seen: Bool[Tensor, "rows vocab"],
    ) -> "Session":
        """Return a session whose rows have these values.

        Args:
            model: The model.
            state: Its state before the last token of each row.
            last_ids: The last token of each row, (rows).
            seen: True for ids that a row has read, (rows, vocab).
        """
        session = cls(model, num_rows=len(last_ids))
        session._state, session._last_ids, session._seen = state, last_ids, SeenIds.of(seen)
        session._is_new = False
        return session

    def fork(self) -> "Session":
        """Return an independent session with the same rows; the model is shared."""
        # All values that a session holds are replaced, never changed, so they can be shared.
        return copy.copy(self)

    def to_bytes(self) -> bytes:
        """Serialize the rows, with the identity of the model, for `from_bytes`."""
        state = self._state.to_bytes()
        return SessionBytes.of(state, last_ids=self._last_ids, seen=self._seen.mask()).pack()

    @classmethod
    def from_bytes(cls, model: LanguageModel, data: bytes) -> "Session":
        """Return the session that `to_bytes` serialized.

        Args:
            model: The model that it was created with, or a copy of it.
            data: The bytes.

        Raises:
            FormatError: The bytes are damaged.
            MismatchError: The session belongs to another model.
        """
        saved = SessionBytes.unpack(data)
        state = model.state_from_bytes(saved.state)
        seen = saved.seen(num_rows=state.batch_size, vocab_size=model.vocab_size)
        session = cls.resume(model, state, last_ids=saved.last_ids, seen=seen)
        initial = model.initial_state(1)
        # Rows of another dtype would change that of the rows they join.
        tensors = {
            name: tensor.to(initial.tensors[name].dtype) for name, tensor in state.tensors.items()
        }
        session._state = replace(state, tensors=tensors)
        return session

    def _end_with(self, unread: TokenIds, lengths: Lengths, *, state: State) -> None:
        """Set the values after reading.

        Args:
            unread: The last ids before, then the ids that were read, (rows, 1 + time).
            lengths: Number of ids that were read in each row, (rows).
            state: The state after all ids but the last one of each row.
        """
        self._state = state
        self._last_ids = unread.gather(1, lengths[:, None]).squeeze(1)
        self._seen = self._seen.read(unread[:, 1:], lengths=lengths)
        self._prediction, self._is_new = None, False

    def _use_first_prediction(self) -> None:
        """Set the prediction of a new session with one row, which packed weights keep."""
        if self._is_new and self._packed is not None and self.num_rows == 1:
            log_probs, state = self._packed.first_prediction()
            self._prediction = Prediction(log_probs=log_probs[:, -1].double(), state=state)
        self._is_new = False

    def _next_prediction(self) -> Prediction:
        self._use_first_prediction()
        if self._prediction is None:
            reader = self._model if self._packed is None else self._packed
            with inference(reader):
                log_probs, state = reader.next_log_probs(
                    self._last_ids[:, None].to(self._model.device), self._state
                )
            self._prediction = Prediction(log_probs=log_probs[:, -1].double().cpu(), state=state)
        return self._prediction
