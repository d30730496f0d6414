"""What all models of transformers share behind our contract."""

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
    """Rows that can be read side by side without padding: they have read and will read as much.

    Attributes:
        rows: Which rows, (rows).
        num_before: Tokens each has read.
        num_steps: Tokens each reads now, at least 1.
    """

    rows: Rows
    num_before: int
    num_steps: int


class HuggingFaceLanguageModel(LanguageModel, nn.Module):
    """A causal language model of transformers.

    Its distribution is its own: nothing is masked or shared out anew, so that figures are those
    that other programs report. Rows of different lengths are read group by group instead of being
    padded, for architectures differ in what padding does to them.

    Args:
        causal: The model, on its device; only evaluated.
        boundary_id: The id that is read before the first token of a text.
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
        """Where the parameters lie."""
        return self.causal.device

    @property
    def num_parameters(self) -> int:
        """Trained numbers, shared ones counted once."""
        return sum(parameter.numel() for parameter in self.parameters())

    def tensors(self) -> dict[str, Tensor]:
        """Give the weights by name."""
        return parameter_tensors(self.network)

    def fingerprint(self) -> str:
        """Return the sha256 of the architecture and of the weights, kept until one changes."""
        return self._identity.of(
            f"{self.family} {structure(self.network)}",
            dict(self.network.named_parameters()),
            tensors=self.tensors,
        )

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and give the distribution of the next one after each, in nats."""
        self.check_inputs(token_ids, state, lengths)
        logits, state = self.read(token_ids, state, lengths)
        precise = torch.promote_types(logits.dtype, torch.float32)
        return logits.to(precise).log_softmax(dim=2), state

    @abstractmethod
    def read(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None
    ) -> tuple[Logits, State]:
        """Read tokens and give unnormalised scores, (batch, time, vocab), and the state."""

    def no_logits(self, token_ids: TokenIds) -> Logits:
        """Give zeros, to be filled where rows are read."""
        dtype = next(self.parameters()).dtype
        return torch.zeros(*token_ids.shape, self.vocab_size, dtype=dtype, device=self.device)


def row_groups(num_before: Lengths, num_steps: int, lengths: Lengths | None) -> Iterator[RowGroup]:
    """Put rows together that stand alike; those that read nothing are left out.

    Example:
        >>> groups = row_groups(torch.tensor([4, 0, 4]), 2, None)
        >>> [(group.rows.tolist(), group.num_before) for group in groups]
        [([1], 0), ([0, 2], 4)]
    """
    steps = torch.full_like(num_before, num_steps) if lengths is None else lengths
    stands = torch.stack([num_before, steps], dim=1)
    for before, count in sorted(set(map(tuple, stands.tolist()))):
        if count:
            alike = (num_before == before) & (steps == count)
            rows = alike.nonzero().squeeze(1)
            yield RowGroup(rows=rows, num_before=before, num_steps=count)
