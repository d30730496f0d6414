"""States of many rows that join and leave between steps, without copies of the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float32, Float64, Int64
from torch import Tensor

from nextword.models import State
from nextword.packed.model import PackedLanguageModel
from nextword.tensors import Rows

_FIRST_CAPACITY = 8


@dataclass(frozen=True, kw_only=True)
class DrawnTokens:
    """Tokens drawn by a call.

    Attributes:
        token_ids: Ids, (rows, steps); -1 where no token has a positive probability, -2 where the
            model returned NaN.
        log_probs: Their log-probabilities under the distribution of the model, (rows, steps).
        distributions: Log-probabilities of all tokens before each draw, (rows, steps, vocab), if
            they were asked for.
    """

    token_ids: Int64[Tensor, "rows steps"]
    log_probs: Float32[Tensor, "rows steps"]
    distributions: Float32[Tensor, "rows steps vocab"] | None


class RowPool:
    """The states of rows in slots. A row keeps its slot until it is removed.

    Args:
        model: The model.
    """

    def __init__(self, model: PackedLanguageModel) -> None:
        self._model = model
        self._free: list[int] = []
        parts = model.parts_of(model.initial_state(1))
        self._parts = [part[:0] for part in parts]
        self._last_ids = torch.zeros(0, dtype=torch.int64)
        self._num_tokens = torch.zeros(0, dtype=torch.int64)
        self._seen = torch.zeros(0, model.vocab_size, dtype=torch.uint8)

    @property
    def model(self) -> PackedLanguageModel:
        """The model."""
        return self._model

    def add(self, state: State, last_ids: Rows, *, seen: Tensor) -> list[int]:
        """Add rows, and return their slots.

        Args:
            state: The state of each row before its last token.
            last_ids: The last token of each row, (rows).
            seen: True for ids that a row has read, (rows, vocab).
        """
        while len(self._free) < len(last_ids):
            self._grow()
        slots = [self._free.pop() for _ in range(len(last_ids))]
        at = torch.tensor(slots, dtype=torch.int64)
        for part, new in zip(self._parts, self._model.parts_of(state), strict=True):
            part[at] = new
        self._last_ids[at] = last_ids
        self._num_tokens[at] = state.num_tokens
        self._seen[at] = seen.to(torch.uint8)
        return slots

    def remove(self, slots: Sequence[int]) -> None:
        """Free the slots of rows."""
        self._free += slots

    def seen(self, slots: Sequence[int]) -> Tensor:
        """Return a mask of the ids that rows have read, (rows, vocab)."""
        return self._seen[list(slots)].bool()

    def state(self, slots: Sequence[int]) -> tuple[State, Rows]:
        """Return copies of the states of rows before their last tokens, and these tokens."""
        at = torch.tensor(list(slots), dtype=torch.int64)
        parts = [part[at] for part in self._parts]
        return self._model.state_of(parts, num_tokens=self._num_tokens[at]), self._last_ids[at]

    def read(self, slots: Sequence[int]) -> Float64[Tensor, "rows vocab"]:
        """Read the last token of rows, and return the distributions of the next, in nats.

        `take` sets the tokens that follow.
        """
        at = torch.tensor(list(slots), dtype=torch.int64)
        log_probs = torch.empty(1, len(at), self._model.vocab_size)
        self._model.read(
            self._last_ids[at][None], states=self._parts, slots=at, log_probs=log_probs
        )
        self._num_tokens[at] += 1
        return log_probs[0].double()

    def take(self, slots: Sequence[int], token_ids: Rows) -> None:
        """Set the tokens that follow those that `read` has read, (rows)."""
        at = torch.tensor(list(slots), dtype=torch.int64)
        self._last_ids[at] = token_ids
        self._seen[at, token_ids] = 1

    def draw(
        self,
        slots: Sequence[int],
        *,
        samplers: Sequence[Any],
        uniforms: Float64[Tensor, "rows steps"],
        with_distributions: bool = False,
    ) -> DrawnTokens:
        """Read the last token of rows and draw the next one, once for each column of `uniforms`.

        Args:
            slots: The slots of the rows.
            samplers: The `nextword_kernels.Sampler` of each row, or one for all.
            uniforms: Random numbers in [0, 1), (rows, steps).
            with_distributions: Whether to return the distributions that were drawn from.
        """
        at = torch.tensor(list(slots), dtype=torch.int64)
        num_rows, num_steps = uniforms.shape
        token_ids = torch.empty(num_rows, num_steps, dtype=torch.int64)
        log_probs = torch.empty(num_rows, num_steps)
        scores = (
            torch.empty(num_steps, num_rows, self._model.vocab_size) if with_distributions else None
        )
        has_penalty = any(sampler.repetition_penalty != 1.0 for sampler in samplers)
        seen = self._seen[at] if has_penalty else None
        with self._model.threads(num_rows, num_steps=num_steps, kind="draw") as num_threads:
            self._model.network.generate(
                self._last_ids[at],
                states=self._parts,
                slots=at,
                samplers=list(samplers),
                uniforms=uniforms.contiguous(),
                seen=seen,
                drawn_ids=token_ids,
                drawn_log_probs=log_probs,
                log_probs=scores,
                num_threads=num_threads,
            )
        drawn = token_ids.clamp(min=0)
        self._last_ids[at] = drawn[:, -1]
        self._num_tokens[at] += num_steps
        self._seen[at[:, None], drawn] = 1
        return DrawnTokens(
            token_ids=token_ids,
            log_probs=log_probs,
            distributions=None if scores is None else scores.transpose(0, 1),
        )

    def seconds_per_step(self, num_rows: int) -> float | None:
        """Return the duration of a step of `draw` in calls of many steps, or None if unknown."""
        return self._model.seconds_per_step(num_rows, kind="draw")

    def _grow(self) -> None:
        """Double the number of slots."""
        old = len(self._last_ids)
        new = max(_FIRST_CAPACITY, old)
        self._parts = [_with_rows(part, new) for part in self._parts]
        self._last_ids = _with_rows(self._last_ids, new)
        self._num_tokens = _with_rows(self._num_tokens, new)
        self._seen = _with_rows(self._seen, new)
        # The lowest slots are taken first.
        self._free = [*reversed(range(old, old + new)), *self._free]


def _with_rows(tensor: Tensor, num_rows: int) -> Tensor:
    return torch.cat([tensor, tensor.new_zeros(num_rows, *tensor.shape[1:])])
