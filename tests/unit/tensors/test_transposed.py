import importlib

import pytest
import torch

from nextword.tensors import transposed

# The module, whose name its function has too.
module = importlib.import_module("nextword.tensors.transposed")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("shape", [(1, 1), (7, 650), (650, 63)])
@pytest.mark.parametrize("has_kernels", [True, False])
def test_transposed_is_torchs(
    shape: tuple[int, int],
    dtype: torch.dtype,
    has_kernels: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not has_kernels:
        monkeypatch.setattr(module, "kernels_are_installed", lambda: False)
    matrix = torch.randn(shape)

    assert torch.equal(transposed(matrix, dtype=dtype), matrix.to(dtype).t())


def test_transposed_of_a_view_is_that_of_its_numbers() -> None:
    matrix = torch.randn(40, 30)[::2, 3:]

    result = transposed(matrix, dtype=torch.bfloat16)

    assert torch.equal(result, matrix.to(torch.bfloat16).t())
