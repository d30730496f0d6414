"""A recurrent language model that reads tokens with the compiled kernels, step by step."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from jaxtyping import Float32
from torch import Tensor

from nextword.base import Values
from nextword.families import RecurrentLanguageModel
from nextword.models import LanguageModel, State
from nextword.packed.network import packed_network
from nextword.packed.thread_choice import ThreadChoice
from nextword.tensors import Lengths, LogProbs, TokenIds, kernel_threads

#: Bytes of weights times rows of a step for each thread: about 50 microseconds.
_BYTES_PER_THREAD = 2**20
#: Calls of so many steps or more are alike.
_MANY_STEPS = 8
#: What a call does with the states after its tokens: nothing, score the next tokens, or draw them.
CallKind = Literal["advance", "score", "draw"]


@dataclass(kw_only=True)
class PackedMemory:
    """What is known of a packed model as soon as it was used.

    It does not refer to the model, which is freed with its last user.

    Attributes:
        initial: The state of a row that has read nothing, (size) each; None if it is not known
            yet, like the others.
        first_parts: The state after the boundary, with which every text begins, (1, size) each.
        first_log_probs: Log-probabilities of the first token, (1, vocab).
        threads: The choice of the number of threads, by the kind of call and its size.
    """

    initial: dict[str, Tensor] | None = None
    first_parts: tuple[Tensor, ...] | None = None
    first_log_probs: Tensor | None = None
    threads: dict[tuple[CallKind, int, int, int], ThreadChoice] = field(default_factory=dict)


class PackedLanguageModel(LanguageModel):
    """A recurrent language model with packed weights.

    It computes the same function as the model, up to the rounding of its precision, and has the
    same states. Later changes of the model's weights have no effect on it. It is best for steps of
    one token; the layers of the model itself read long texts faster.

    Args:
        model: The model.
        precision: `float32`, `bfloat16` or `int8`.
        network: Its packed weights.
        memory: Where to keep what is known of it.

    Attributes:
        precision: Precision of the weights and of the operands of products.
        network: The packed weights.
    """

    def __init__(
        self,
        model: RecurrentLanguageModel,
        *,
        precision: str,
        network: Any,
        memory: PackedMemory | None = None,
    ) -> None:
        self.family = model.family
        self.vocab_size = model.vocab_size
        self.boundary_id = model.boundary_id
        self.never_ids = model.never_ids
        self.precision = precision
        self.network = network
        self._model = model
        self._memory = PackedMemory() if memory is None else memory
        self._state_names = tuple(
            f"layer_{depth}.{name}"
            for depth, cell in enumerate(model.core.layers)
            for name in cell.state_names
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return all values but the packed weights, which are packed again after copying."""
        return {name: value for name, value in vars(self).items() if name != "network"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set the values of `__getstate__`, and pack the weights."""
        vars(self).update(state)
        self.network = packed_network(self._model, precision=self.precision)

    @property
    def unpacked(self) -> RecurrentLanguageModel:
        """The model whose weights are packed."""
        return self._model

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device("cpu")

    @property
    def num_parameters(self) -> int:
        """Number of trained parameters; shared ones are counted once."""
        return self._model.num_parameters

    @property
    def details(self) -> Values:
        """The precision."""
        return {"precision": self.precision}

    def fingerprint(self) -> str:
        """Return the fingerprint of the model; with a lower precision a hash of both."""
        fingerprint = self._model.fingerprint()
        if self.precision == "float32":
            return fingerprint
        return hashlib.sha256(f"{self.precision} {fingerprint}".encode()).hexdigest()

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights of the model, before packing."""
        return self._model.tensors()

    def initial_state(self, batch_size: int) -> State:
        """Return the initial state of the model."""
        return State.fresh(self._initial, batch_size=batch_size, fingerprint=self.fingerprint)

    @property
    def _initial(self) -> dict[str, Tensor]:
        """The state of a row that has read nothing, by name."""
        if self._memory.initial is None:
            initial = self._model.initial_state(1).initial
            self._memory.initial = {name: row.detach().clone() for name, row in initial.items()}
        return self._memory.initial

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        """Read tokens without scoring anything and return the state after them."""
        self.check_inputs(token_ids, state, lengths=lengths)
        return self._read(token_ids, state, lengths=lengths, log_probs=None)

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and return the log-probabilities of the next token after each, in nats."""
        self.check_inputs(token_ids, state, lengths=lengths)
        num_rows, num_steps = token_ids.shape
        new = torch.zeros if lengths is not None else torch.empty
        log_probs = new(num_steps, num_rows, self.vocab_size)
        after = self._read(token_ids, state, lengths=lengths, log_probs=log_probs)
        return log_probs.transpose(0, 1), after

    def first_prediction(self) -> tuple[LogProbs, State]:
        """Return the log-probabilities of the first token, (1, 1, vocab), and the state.

        The boundary is read once for all texts.
        """
        memory = self._memory
        if memory.first_parts is None or memory.first_log_probs is None:
            boundary = torch.tensor([[self.boundary_id]])
            log_probs, state = self.next_log_probs(boundary, self.initial_state(1))
            memory.first_log_probs = log_probs[:, 0]
            memory.first_parts = tuple(self.parts_of(state))
        parts = [part.clone() for part in memory.first_parts]
        state = self.state_of(parts, num_tokens=torch.tensor([1]))
        return memory.first_log_probs[:, None].clone(), state

    def log_probs_after(self, token_ids: Sequence[int]) -> Float32[Tensor, " vocab"]:
        """Return the log-probabilities of the token after a text, in nats, without a state.

        Args:
            token_ids: The text, without the boundary.

        Raises:
            IndexError: An id is not in the vocabulary.
        """
        log_probs, state = self.first_prediction()
        if not token_ids:
            return log_probs[0, 0]
        parts = list(state.tensors.values())
        steps = torch.tensor(token_ids, dtype=torch.int64)[:, None]
        if len(steps) > 1:
            self.read(steps[:-1], states=parts)
        self.read(steps[-1:], states=parts, log_probs=log_probs)
        return log_probs[0, 0]

    def parts_of(self, state: State) -> list[Tensor]:
        """Return copies of the tensors of a state, in the order of the kernels."""
        return [
            state.tensors[name].detach().clone(memory_format=torch.contiguous_format)
            for name in self._state_names
        ]

    def state_of(self, parts: Sequence[Tensor], *, num_tokens: Tensor) -> State:
        """Return the state of rows.

        Args:
            parts: Its tensors, in the order of the kernels, (rows, size) each; not copied.
            num_tokens: Number of tokens that each row has read, (rows).
        """
        return State(
            tensors=dict(zip(self._state_names, parts, strict=True)),
            initial=self._initial,
            num_tokens=num_tokens,
            fingerprint=self.fingerprint,
        )

    @contextmanager
    def threads(self, num_rows: int, *, num_steps: int, kind: CallKind) -> Iterator[int]:
        """Yield the number of threads for a call of the kernels, which is timed.

        Args:
            num_rows: Number of rows.
            num_steps: Number of steps.
            kind: What the call does after reading, which takes time too.
        """
        choice = self._thread_choice(num_rows, num_steps=num_steps, kind=kind)
        with choice.timed(amount=max(1, num_rows * num_steps)) as number:
            yield number

    def seconds_per_step(self, num_rows: int, *, kind: CallKind) -> float | None:
        """Return the duration of a step in calls of many steps, or None if none was timed.

        Args:
            num_rows: Number of rows.
            kind: What the calls do.
        """
        seconds = self._thread_choice(num_rows, num_steps=_MANY_STEPS, kind=kind).seconds
        return None if seconds is None else seconds * num_rows

    def _thread_choice(self, num_rows: int, *, num_steps: int, kind: CallKind) -> ThreadChoice:
        most = kernel_threads(self.network.num_bytes * num_rows, a_thread=_BYTES_PER_THREAD)
        # The start of threads counts in short calls.
        steps = min(num_steps, _MANY_STEPS).bit_length()
        key = (kind, most, num_rows.bit_length(), steps)
        return self._memory.threads.setdefault(key, ThreadChoice(most=most))

    def read(
        self,
        token_ids: Tensor,
        *,
        states: Sequence[Tensor],
        slots: Tensor | None = None,
        log_probs: Tensor | None = None,
    ) -> None:
        """Read tokens with the kernels.

        Args:
            token_ids: Ids, (time, rows).
            states: Parts of the states, (rows or slots, size) each; overwritten.
            slots: The row of the states for each row, (rows); the same row when None.
            log_probs: Written: log-probabilities after each token, (time, rows, vocab), in nats.
        """
        num_steps, num_rows = token_ids.shape
        kind: CallKind = "advance" if log_probs is None else "score"
        with self.threads(num_rows, num_steps=num_steps, kind=kind) as num_threads:
            self.network.read(
                token_ids,
                states=list(states),
                slots=slots,
                log_probs=log_probs,
                num_threads=num_threads,
            )

    def _read(
        self,
        token_ids: Tensor,
        state: State,
        *,
        lengths: Tensor | None,
        log_probs: Tensor | None,
    ) -> State:
        """Read tokens, write into `log_probs`, (time, batch, vocab), and return the new state."""
        parts = self.parts_of(state)
        steps = token_ids.t().contiguous()
        if lengths is None:
            self.read(steps, states=parts, log_probs=log_probs)
        else:
            for time, ids in enumerate(steps):
                rows = (lengths > time).nonzero().squeeze(1)
                scores = None if log_probs is None else torch.empty(1, len(rows), self.vocab_size)
                self.read(ids[rows][None], states=parts, slots=rows, log_probs=scores)
                if log_probs is not None and scores is not None:
                    log_probs[time, rows] = scores[0]
        num_new = token_ids.shape[1] if lengths is None else lengths
        return state.after(dict(zip(self._state_names, parts, strict=True)), num_new_tokens=num_new)
