"""A recurrent language model that reads tokens with the compiled kernels, step by step."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from nextword.base import Values
from nextword.families import RecurrentLanguageModel
from nextword.models import LanguageModel, State
from nextword.packed.support import WEIGHT_BYTES
from nextword.tensors import Lengths, LogProbs, TokenIds, kernel_threads

#: Weights times rows per thread in a step. Threads synchronize several times per step, so that
#: fewer are slower if other programs run.
_WORK_PER_THREAD = 2**26


class PackedLanguageModel(LanguageModel):
    """A recurrent language model with packed weights.

    It computes the same function as the model, up to the rounding of its precision, and has the
    same states. Later changes of the model's weights have no effect on it. It is best for steps of
    one token; the layers of the model itself read long texts faster.

    Args:
        model: The model.
        precision: `float32`, `bfloat16` or `int8`.
        network: Its packed weights.

    Attributes:
        precision: Precision of the weights and of the operands of products.
        network: The packed weights.
    """

    def __init__(self, model: RecurrentLanguageModel, *, precision: str, network: Any) -> None:
        self.family = model.family
        self.vocab_size = model.vocab_size
        self.boundary_id = model.boundary_id
        self.never_ids = model.never_ids
        self.precision = precision
        self.network = network
        self._model = model
        self._num_weights = int(network.num_bytes) // WEIGHT_BYTES[precision]
        self._state_names = tuple(
            f"layer_{depth}.{name}"
            for depth, cell in enumerate(model.core.layers)
            for name in cell.state_names
        )

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
        with torch.no_grad():
            state = self._model.initial_state(batch_size)
        return replace(state, fingerprint=self.fingerprint)

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
        tensors = dict(zip(self._state_names, parts, strict=True))
        return replace(self.initial_state(1), tensors=tensors, num_tokens=num_tokens)

    def num_threads(self, num_rows: int) -> int:
        """Return the number of threads for a step of some rows."""
        return kernel_threads(self._num_weights * num_rows, a_thread=_WORK_PER_THREAD)

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
        options = {"states": parts, "num_threads": self.num_threads(len(token_ids))}
        if lengths is None:
            self.network.read(steps, log_probs=log_probs, **options)
        else:
            for time, ids in enumerate(steps):
                rows = (lengths > time).nonzero().squeeze(1)
                scores = None if log_probs is None else torch.empty(1, len(rows), self.vocab_size)
                active = ids[rows][None]
                self.network.read(active, slots=rows, log_probs=scores, **options)
                if log_probs is not None and scores is not None:
                    log_probs[time, rows] = scores[0]
        num_new = token_ids.shape[1] if lengths is None else lengths
        return state.after(dict(zip(self._state_names, parts, strict=True)), num_new_tokens=num_new)
