import pytest
import torch

from nextword.recurrent.backends.hoisted import product
from nextword.recurrent.backends.hoisted.product import (
    LowPrecisionProduct,
    PackedProduct,
    PlainProduct,
    WindowProduct,
    window_product,
)
from nextword.tensors import has_onednn_bfloat16

NUM_ROWS = 3


def made_up_product(dtype: torch.dtype, *, num_steps: int) -> tuple[WindowProduct, torch.Tensor]:
    torch.manual_seed(0)
    weight = torch.randn(8, 5, dtype=torch.float64)
    states = torch.float64 if dtype == torch.float64 else torch.float32
    chosen = window_product(
        weight, num_steps=num_steps, num_rows=NUM_ROWS, dtype=dtype, states=states
    )
    return chosen, weight


@pytest.mark.parametrize(
    ("dtype", "num_steps", "kind"),
    [
        (torch.float64, 100, PlainProduct),
        (torch.float32, 1, PlainProduct),
        (torch.float32, 100, PackedProduct),
        (torch.bfloat16, 1, LowPrecisionProduct),
        (torch.bfloat16, 100, PackedProduct if has_onednn_bfloat16() else LowPrecisionProduct),
    ],
    ids=str,
)
def test_window_product_follows_format_and_length(
    dtype: torch.dtype, num_steps: int, kind: type[WindowProduct]
) -> None:
    assert isinstance(made_up_product(dtype, num_steps=num_steps)[0], kind)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_window_product_without_the_layout_of_its_own_does_not_use_it(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(product, "_can_pack", lambda weight: False)

    chosen, _ = made_up_product(dtype, num_steps=100)

    assert not isinstance(chosen, PackedProduct)


def test_window_product_on_a_cpu_without_avx512(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "has_onednn_bfloat16", lambda: False)

    kinds = [
        type(made_up_product(dtype, num_steps=100)[0]) for dtype in (torch.bfloat16, torch.float32)
    ]

    assert kinds == [LowPrecisionProduct, PackedProduct]


@pytest.mark.parametrize("num_steps", [1, 100])
@pytest.mark.parametrize(
    ("dtype", "limit"),
    [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 5e-2)],
    ids=str,
)
def test_window_product_there_and_back(dtype: torch.dtype, limit: float, num_steps: int) -> None:
    chosen, weight = made_up_product(dtype, num_steps=num_steps)
    states = torch.float64 if dtype == torch.float64 else torch.float32
    vectors, addend = torch.randn(NUM_ROWS, 5).to(states), torch.randn(NUM_ROWS, 8).to(states)
    gradients = torch.randn(NUM_ROWS, 8).to(dtype)
    out = torch.empty(NUM_ROWS, 8, dtype=states)

    result = chosen.add(addend, vectors, out=out)
    back = chosen.backward(gradients)

    assert result.data_ptr() == out.data_ptr()
    assert (result.dtype, back.dtype) == (states, states)
    expected = addend.double() + vectors.double() @ weight.T
    torch.testing.assert_close(out.double(), expected, rtol=limit, atol=limit)
    torch.testing.assert_close(
        back.double(), gradients.double() @ weight, rtol=limit, atol=5 * limit
    )
