from collections.abc import Iterator

import pytest
import torch

import nextword_kernels as kernels

torch.set_num_threads(1)


@pytest.fixture(params=kernels.instruction_sets())
def instruction_set(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every instruction set this processor has, one after the other."""
    kernels.force(request.param)
    yield request.param
    kernels.force(None)
