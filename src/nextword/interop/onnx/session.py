"""An ONNX file that nextword wrote, run by onnxruntime, as a `LanguageModel`."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nextword.interop.onnx.extra import import_onnxruntime
from nextword.interop.onnx.network import NEXT
from nextword.models import LanguageModel, State
from nextword.tensors import Lengths, LogProbs, TokenIds
from nextword.tokens import VocabularySpec


class OnnxLanguageModel(LanguageModel):
    """A language model whose arithmetic is that of onnxruntime, on the CPU.

    Args:
        path: The file.
        vocabulary: Size and special ids of the vocabulary.
        state: State of one row that has read nothing, by name, each (size).
        is_step: Whether the graph reads one token at a time.

    Raises:
        MissingExtraError: onnxruntime is not installed.
    """

    family = "onnx"

    def __init__(
        self,
        path: Path,
        *,
        vocabulary: VocabularySpec,
        state: dict[str, Tensor],
        is_step: bool,
    ) -> None:
        runtime = import_onnxruntime()
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        self._session = runtime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self.vocab_size = vocabulary.vocab_size
        self.boundary_id = vocabulary.boundary_id
        self.never_ids = vocabulary.never_ids
        self._initial, self._is_step = state, is_step
        self._hash = hashlib.sha256(path.read_bytes()).hexdigest()

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device("cpu")

    @property
    def num_parameters(self) -> int:
        """0: the weights are in the file."""
        return 0

    def tensors(self) -> dict[str, Tensor]:
        """Return no tensors: the weights are in the file."""
        return {}

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file."""
        return self._hash

    def initial_state(self, batch_size: int) -> State:
        """Return the state of rows that have read nothing."""
        return State.fresh(self._initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and return the log-probabilities of the next token after each.

        Args:
            token_ids: Ids to read, (batch, time).
            state: State of each row before them.
            lengths: Number of ids in each row, (batch); all of them if None.

        Returns:
            Log-probabilities in nats, (batch, time, vocab), and the new state.
        """
        self.check_inputs(token_ids, state, lengths=lengths)
        tensors = {name: part.clone() for name, part in state.tensors.items()}
        num_steps = token_ids.shape[1]
        log_probs = torch.zeros(*token_ids.shape, self.vocab_size)
        counts = torch.full((len(token_ids),), num_steps) if lengths is None else lengths
        for count in sorted(set(counts.tolist()) - {0}):
            rows = (counts == count).nonzero().squeeze(1)
            before = {name: part[rows] for name, part in tensors.items()}
            found, after = self._run(token_ids[rows, :count], before)
            log_probs[rows, :count] = found
            for name, part in after.items():
                tensors[name][rows] = part
        return log_probs, state.after(tensors, num_new_tokens=counts)

    def _run(self, token_ids: Tensor, state: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        pieces = torch.split(token_ids, 1, dim=1) if self._is_step else (token_ids,)
        found = []
        for piece in pieces:
            inputs = {"input_ids": piece.numpy().astype(np.int64)}
            inputs |= {name: part.numpy() for name, part in state.items()}
            names = ["log_probs", *(NEXT + name for name in state)]
            log_probs, *after = self._session.run(names, inputs)
            found.append(torch.from_numpy(log_probs))
            state = {name: torch.from_numpy(part) for name, part in zip(state, after, strict=True)}
        return torch.cat(found, dim=1), state
