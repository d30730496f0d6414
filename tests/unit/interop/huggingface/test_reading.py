"""Whether a network goes on rightly is tried: networks with planted faults, made without any
library."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from nextword.interop.huggingface import CausalModel

VOCAB_SIZE = 11


class Summing(nn.Module):
    """Scores hang on the sum of all ids; the cache is that sum."""

    def __init__(self) -> None:
        super().__init__()
        table = torch.randn(100, VOCAB_SIZE, generator=torch.Generator().manual_seed(0))
        self.table = nn.Parameter(table)

    def forward(
        self, input_ids: Tensor, use_cache: bool = True, state: list[Tensor] | None = None
    ) -> SimpleNamespace:
        before = torch.zeros(len(input_ids), dtype=torch.int64) if state is None else state[0]
        sums = before[:, None] + input_ids.cumsum(1)
        return SimpleNamespace(logits=self.table[sums % 100], state=[sums[:, -1]])


class ForgetsInChunks(Summing):
    """Several ids at once begin from nothing."""

    def forward(
        self, input_ids: Tensor, use_cache: bool = True, state: list[Tensor] | None = None
    ) -> SimpleNamespace:
        return super().forward(input_ids, state=state if input_ids.shape[1] == 1 else None)


class ForgetsAlways(Summing):
    """Nothing is carried on."""

    def forward(
        self, input_ids: Tensor, use_cache: bool = True, state: list[Tensor] | None = None
    ) -> SimpleNamespace:
        return super().forward(input_ids)


class HasNoCache(Summing):
    """Nothing is given to carry on."""

    def forward(self, input_ids: Tensor, use_cache: bool = True) -> SimpleNamespace:
        return SimpleNamespace(logits=super().forward(input_ids).logits)


class MixesRowsOfOneToken(Summing):
    """Rows of a single id come out crossed with each other."""

    def forward(
        self, input_ids: Tensor, use_cache: bool = True, state: list[Tensor] | None = None
    ) -> SimpleNamespace:
        read = super().forward(input_ids, state=state)
        if input_ids.shape[1] == 1:
            read.logits = read.logits.expand(-1, len(input_ids), -1)
        return read


class KeepsEverything(Summing):
    """The cache grows."""

    def forward(
        self, input_ids: Tensor, use_cache: bool = True, state: list[Tensor] | None = None
    ) -> SimpleNamespace:
        before = input_ids[:, :0] if state is None else state[0]
        joined = torch.cat([before, input_ids], dim=1)
        read = super().forward(joined)
        return SimpleNamespace(logits=read.logits[:, before.shape[1] :], state=[joined])


@pytest.mark.parametrize(
    ("network", "by_tokens", "in_chunks", "is_fixed"),
    [
        (Summing, True, True, True),
        (ForgetsInChunks, True, False, True),
        (ForgetsAlways, False, False, True),
        (HasNoCache, False, False, False),
        (KeepsEverything, True, True, False),
    ],
)
def test_causal_model_finds_out_how_a_network_goes_on(
    network: type[nn.Module], by_tokens: bool, in_chunks: bool, is_fixed: bool
) -> None:
    causal = CausalModel(network())

    assert causal.can_continue_by_tokens is by_tokens
    assert causal.can_continue_in_chunks is in_chunks
    assert (causal.fixed_cache is not None) is is_fixed


def test_causal_model_finds_out_how_many_ids_get_scores() -> None:
    assert CausalModel(Summing()).vocab_size == VOCAB_SIZE


@pytest.mark.parametrize("network", [Summing, MixesRowsOfOneToken])
def test_causal_model_rows_are_read_as_if_alone(network: type[nn.Module]) -> None:
    causal, token_ids = CausalModel(network()), torch.tensor([[3, 4], [5, 1], [2, 2]])
    whole, _ = causal.read(token_ids)

    first, cache = causal.read(token_ids[:, :1])
    second, after = causal.read(token_ids[:, 1:], cache)

    assert torch.equal(torch.cat([first, second], dim=1), whole)
    assert after[0].tolist() == [7, 6, 4]
