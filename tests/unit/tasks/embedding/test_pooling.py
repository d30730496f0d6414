import pytest
import torch
from torch import Tensor

from nextword.base import ConfigError
from nextword.tasks.classification.network.pooling import Pooling
from nextword.tasks.embedding.pooling import POOLINGS, StepPooling

LENGTHS = torch.tensor([5, 2, 0, 1])


def outputs(num_steps: int = 5) -> Tensor:
    made = torch.randn(4, num_steps, 6, generator=torch.Generator().manual_seed(0))
    for row, length in enumerate(LENGTHS):
        made[row, length:] = torch.nan
    return made


def pooled(kind: str, *, chunk: int, is_bidirectional: bool = False) -> Tensor:
    pooling = StepPooling(kind, lengths=LENGTHS, size=6, is_bidirectional=is_bidirectional)
    for part in outputs().split(chunk, dim=1):
        pooling.add(part)
    return pooling.result()


@pytest.mark.parametrize("is_bidirectional", [False, True])
@pytest.mark.parametrize("kind", POOLINGS)
def test_step_pooling_equals_the_pooling_of_classifiers(kind: str, is_bidirectional: bool) -> None:
    peer = Pooling(kind, size=6, is_bidirectional=is_bidirectional)

    expected = peer(outputs().nan_to_num(), LENGTHS)

    found = pooled(kind, chunk=5, is_bidirectional=is_bidirectional)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("kind", POOLINGS)
@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_step_pooling_in_chunks_changes_nothing(kind: str, chunk: int) -> None:
    torch.testing.assert_close(
        pooled(kind, chunk=chunk, is_bidirectional=True),
        pooled(kind, chunk=5, is_bidirectional=True),
    )


def test_step_pooling_of_negative_values_ignores_padding() -> None:
    pooling = StepPooling("max", lengths=torch.tensor([1]), size=1)

    pooling.add(torch.tensor([[[-2.0], [7.0]]]))

    assert pooling.result().tolist() == [[-2.0]]


def test_step_pooling_unknown_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"pooling is 'sum'.*last, mean, max"):
        StepPooling("sum", lengths=LENGTHS, size=6)
