"""The base class of transformers models as a `LanguageModel`."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nextword.interop.huggingface.reading import CausalModel, Logits
from nextword.models import (
    ContentIdentity,
    LanguageModel,
    State,
    parameter_tensors,
    structure,
)
from nextword.tensors import Lengths, LogProbs, Rows, TokenIds


@dataclass(frozen=True, kw_only=True)
class RowGroup:
    """Rows with equal lengths before and now, so they form a batch without padding.

    Attributes:
        rows: Indices into the batch, (rows).
        num_before: Tokens that each row has read before.
        num_steps: Tokens that each row reads now, at least 1.
    """

    rows: Rows
    num_before: int
    num_steps: int


class HuggingFaceLanguageModel(LanguageModel, nn.Module):
    """A causal language model of transformers.

    The distribution of the model is not masked or renormalized, so figures agree with those of
    other programs. Rows of different lengths are read in groups of equal length instead of being
    padded, because architectures differ in how padding changes their output.

    Args:
        causal: The model, on its device and in evaluation mode.
        boundary_id: Id that is read before the first token of a text.
    """

    family = "huggingface"
    never_ids = ()

    def __init__(self, causal: CausalModel, *, boundary_id: int) -> None:
        super().__init__()
        self.causal = causal
        self.network = causal.network
        self.vocab_size = causal.vocab_size
        self.boundary_id = boundary_id
        self._identity = ContentIdentity()

    @property
    def device(self) -> torch.device:
        """Device of the parameters."""
        return self.causal.device

    @property
    def num_parameters(self) -> int:
        """Number of trainable parameters; shared ones count once."""
        return sum(parameter.numel() for parameter in self.parameters())

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights by name."""
        return parameter_tensors(self.network)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the architecture and the weights, cached until a weight changes."""
        return self._identity.of(
            f"{self.family} {structure(self.network)}",
            dict(self.network.named_parameters()),
            tensors=self.tensors,
        )

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Return the log-probabilities of the next token after each token.

        Args:
            token_ids: Ids to read, (batch, time).
            state: State of each row before them.
            lengths: Number of ids in each row, (batch); all of them if None.

        Returns:
            Log-probabilities in nats, (batch, time, vocab), and the new state.
        """
        self.check_inputs(token_ids, state, lengths=lengths)
        logits, state = self.read(token_ids, state, lengths=lengths)
        precise = torch.promote_types(logits.dtype, torch.float32)
        return logits.to(precise).log_softmax(dim=2), state

    @abstractmethod
    def read(
        self, token_ids: TokenIds, state: State, *, lengths: Lengths | None
    ) -> tuple[Logits, State]:
        """Return the logits after each token, (batch, time, vocab), and the new state."""

    def no_logits(self, token_ids: TokenIds) -> Logits:
        """Return logits of zero, (batch, time, vocab), to be filled for each group of rows."""
        dtype = next(self.parameters()).dtype
        return torch.zeros(*token_ids.shape, self.vocab_size, dtype=dtype, device=self.device)


def row_groups(
    num_before: Lengths, num_steps: int, *, lengths: Lengths | None
) -> Iterator[RowGroup]:
    """Group the rows that have equal lengths; rows without new tokens are left out.

    Args:
        num_before: Tokens that each row has read before, (batch).
        num_steps: Size of the time axis.
        lengths: Number of new tokens in each row, (batch); `num_steps` for each if None.

    Yields:
        Groups, by `num_before` and then by `num_steps`.

    Example:
        >>> groups = row_groups(torch.tensor([4, 0, 4]), 2, lengths=None)
        >>> [(group.rows.tolist(), group.num_before) for group in groups]
        [([1], 0), ([0, 2], 4)]
    """
    steps = torch.full_like(num_before, num_steps) if lengths is None else lengths
    counts = torch.stack([num_before, steps], dim=1)
    for before, count in sorted(set(map(tuple, counts.tolist()))):
        if count:
            alike = (num_before == before) & (steps == count)
            rows = alike.nonzero().squeeze(1)
            yield RowGroup(rows=rows, num_before=before, num_steps=count)
