"""The sources of a search: their encodings by every model, and one step of all models."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from nextword.layers import SourceMemory
from nextword.tasks.decoding.decoder import Decoder, DecoderState
from nextword.tensors import Lengths, Rows


@dataclass(frozen=True, kw_only=True)
class SearchSources:
    """A batch of encoded sources to find targets for.

    Attributes:
        decoders: One or more decoders with the same target tokens, in evaluation mode. The
            probability of a token is the mean of theirs.
        encoded: What each decoder attends to, and its state before the first step.
        limits: Maximum number of target tokens of each row, without the end token, (batch).
    """

    decoders: Sequence[Decoder]
    encoded: Sequence[tuple[SourceMemory, DecoderState]]
    limits: Lengths


class ModelStates:
    """The states of one or more models for the rows of a search.

    The probability of a token is the mean of the models' probabilities.

    Args:
        decoders: Their decoders.
        memories: The sources as each model encodes them.
        states: The state of each model's decoder.
    """

    def __init__(
        self,
        decoders: Sequence[Decoder],
        *,
        memories: Sequence[SourceMemory],
        states: Sequence[DecoderState],
    ) -> None:
        self._decoders = decoders
        self._memories = memories
        self._states = states

    @classmethod
    def start(cls, sources: SearchSources) -> "ModelStates":
        """Return the states before the first step."""
        return cls(
            sources.decoders,
            memories=[memory for memory, _ in sources.encoded],
            states=[state for _, state in sources.encoded],
        )

    @property
    def is_source(self) -> Tensor:
        """True at the source positions that count, (rows, source)."""
        return self._memories[0].mask

    @property
    def alignment(self) -> Float64[Tensor, "rows source"]:
        """The attention weights of the last step, mean over the models, (rows, source)."""
        return torch.stack([state.alignment for state in self._states]).double().mean(0)

    def select(self, rows: Rows, *, is_same_source: bool = False) -> "ModelStates":
        """Return the states of some rows; a row may be selected more than once.

        Args:
            rows: Indices of rows, (rows).
            is_same_source: Whether each row is replaced by a row of the same source, so that the
                encoded sources stay as they are.
        """
        memories = self._memories
        if not is_same_source:
            memories = [memory.select(rows) for memory in memories]
        states = [state.select(rows) for state in self._states]
        return ModelStates(self._decoders, memories=memories, states=states)

    def step(
        self, token_ids: Int64[Tensor, " rows"]
    ) -> tuple[Float64[Tensor, "rows output"], "ModelStates"]:
        """Read a token in every row.

        Args:
            token_ids: The tokens, (rows).

        Returns:
            Log-probabilities of the decoders' `output_ids`, nats, (rows, output), and the states
            after the step.
        """
        log_probs, states = [], []
        for decoder, memory, state in zip(
            self._decoders, self._memories, self._states, strict=True
        ):
            logits, after = decoder.step(token_ids, state, memory=memory)
            log_probs.append(torch.log_softmax(logits.double(), dim=1))
            states.append(after)
        mean = torch.logsumexp(torch.stack(log_probs), dim=0)
        mean = mean - torch.log(torch.tensor(float(len(states)), dtype=torch.float64))
        return mean, ModelStates(self._decoders, memories=self._memories, states=states)
