"""Networks with planted faults are refused before any figure, with the true reason."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nextword.base import FormatError
from nextword.interop.huggingface import CausalModel
from nextword.interop.huggingface.positions import find_context_size
from nextword.interop.huggingface.trial import check_network

VOCAB_SIZE, NUM_ROWS = 11, 20


class Averaging(nn.Module):
    """Scores hang on the mean of the ids so far, and on a table of positions."""

    first_row = 0

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.places = nn.Embedding.from_pretrained(
            torch.randn(NUM_ROWS, VOCAB_SIZE, generator=generator)
        )
        self.table = nn.Parameter(torch.randn(VOCAB_SIZE, VOCAB_SIZE, generator=generator))
        self.config = SimpleNamespace(pad_token_id=None)

    def get_input_embeddings(self) -> Any:
        return SimpleNamespace(num_embeddings=VOCAB_SIZE)

    def forward(self, input_ids: Tensor, use_cache: bool = True) -> SimpleNamespace:
        steps = torch.arange(input_ids.shape[1])
        return SimpleNamespace(
            logits=self.mixed(self.table[input_ids]) + self.places(steps + self.first_row)
        )

    def mixed(self, read: Tensor) -> Tensor:
        return read.cumsum(1) / torch.arange(1, read.shape[1] + 1)[:, None]


class ReadsAhead(Averaging):
    def mixed(self, read: Tensor) -> Tensor:
        return read.mean(1, keepdim=True).expand_as(read)


class ReadsAheadALittle(Averaging):
    def mixed(self, read: Tensor) -> Tensor:
        return super().mixed(read) + 1e-3 * read.mean(1, keepdim=True)


class CountsWhatFollows(Averaging):
    def mixed(self, read: Tensor) -> Tensor:
        return super().mixed(read) * read.shape[1]


class DrawsLots(Averaging):
    def mixed(self, read: Tensor) -> Tensor:
        return super().mixed(read) + torch.randn(1, 1, VOCAB_SIZE)


class GivesNan(Averaging):
    def mixed(self, read: Tensor) -> Tensor:
        return super().mixed(read) * torch.nan


class BeginsAtTwo(Averaging):
    first_row = 2


class HasAnUnseenEnd(Averaging):
    """Fails past 13 tokens, and no table shows it."""

    def mixed(self, read: Tensor) -> Tensor:
        if read.shape[1] > 13:
            raise IndexError("index 13 is out of bounds")
        return super().mixed(read)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (ReadsAhead, r"ReadsAhead that reads ahead: token 2 of 8 changes the scores before it"),
        (ReadsAheadALittle, "that reads ahead"),
        (CountsWhatFollows, "whose scores depend on how many tokens follow"),
        (DrawsLots, "gives other scores each time it reads the same tokens"),
        (GivesNan, "whose scores are not finite"),
    ],
)
def test_check_network_planted_fault_is_refused(network: type[nn.Module], message: str) -> None:
    with torch.no_grad(), pytest.raises(FormatError, match=message):
        check_network(CausalModel(network()), Path("folder"), context_size=NUM_ROWS)


@torch.no_grad()
def test_check_network_causal_network_passes() -> None:
    check_network(CausalModel(Averaging()), Path("folder"), context_size=NUM_ROWS)


@pytest.mark.parametrize(
    ("network", "named", "size"),
    [
        (Averaging, 512, NUM_ROWS),
        (Averaging, 10, 10),
        (Averaging, -1, NUM_ROWS),
        (Averaging, None, NUM_ROWS),
        (BeginsAtTwo, NUM_ROWS, NUM_ROWS - 2),
        (HasAnUnseenEnd, NUM_ROWS, 13),
    ],
)
@torch.no_grad()
def test_find_context_size_tries_what_the_settings_say(
    network: type[nn.Module], named: int | None, size: int
) -> None:
    settings = SimpleNamespace(max_position_embeddings=named)

    assert find_context_size(CausalModel(network()), settings) == size


@torch.no_grad()
def test_causal_model_that_fails_later_says_at_how_many_tokens() -> None:
    with pytest.raises(FormatError, match="HasAnUnseenEnd fails when it reads 14 tokens: index 13"):
        CausalModel(HasAnUnseenEnd()).read(torch.zeros(1, 14, dtype=torch.int64))
