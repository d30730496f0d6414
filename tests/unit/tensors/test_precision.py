import pytest
import torch

from nextword.base import ConfigError
from nextword.tensors import (
    PRECISIONS,
    autocast,
    has_fast_bfloat16,
    product_dtype,
    resolve_precision,
)

CPU = torch.device("cpu")


def set_cpu_instructions(monkeypatch: pytest.MonkeyPatch, *, avx512_bf16: bool, amx: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512_bf16)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)


@pytest.mark.parametrize("name", PRECISIONS)
def test_resolve_precision_known_name_gives_a_format(name: str) -> None:
    wanted = {"float32": {torch.float32}, "bfloat16": {torch.bfloat16}}.get(
        name, {torch.float32, torch.bfloat16}
    )

    assert resolve_precision(name, CPU) in wanted


@pytest.mark.parametrize(
    ("avx512_bf16", "amx", "expected"),
    [
        (False, False, torch.float32),
        (True, False, torch.bfloat16),
        (False, True, torch.bfloat16),
    ],
)
def test_resolve_precision_auto_follows_the_cpu(
    monkeypatch: pytest.MonkeyPatch, avx512_bf16: bool, amx: bool, expected: torch.dtype
) -> None:
    set_cpu_instructions(monkeypatch, avx512_bf16=avx512_bf16, amx=amx)

    assert resolve_precision("auto", CPU) == expected


@pytest.mark.parametrize("has_it", [False, True])
def test_has_fast_bfloat16_gpu_asks_for_true_support(
    monkeypatch: pytest.MonkeyPatch, has_it: bool
) -> None:
    def is_supported(including_emulation: bool = True) -> bool:
        return has_it or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_supported)

    assert has_fast_bfloat16(torch.device("cuda")) == has_it


def test_has_fast_bfloat16_other_device_says_no() -> None:
    assert not has_fast_bfloat16(torch.device("meta"))


def test_resolve_precision_unknown_name_lists_the_known() -> None:
    with pytest.raises(ConfigError, match=r"training\.precision is 'float16'") as caught:
        resolve_precision("float16", CPU)

    assert caught.value.help == "Use one of auto, float32, bfloat16."


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16], ids=str)
def test_autocast_products_have_the_precision(precision: torch.dtype) -> None:
    matrix = torch.eye(3)

    with autocast(precision, CPU):
        product = matrix @ matrix

    assert product.dtype == precision


def test_autocast_float32_leaves_autocast_off() -> None:
    with autocast(torch.float32, CPU):
        assert not torch.is_autocast_enabled("cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
def test_product_dtype_without_autocast_is_the_operands_own(dtype: torch.dtype) -> None:
    assert product_dtype(torch.zeros(1, dtype=dtype)) == dtype


@pytest.mark.parametrize(
    ("own", "expected"),
    [(torch.float32, torch.bfloat16), (torch.float64, torch.float64)],
    ids=["float32", "float64"],
)
def test_product_dtype_under_autocast_is_autocasts_but_for_float64(
    own: torch.dtype, expected: torch.dtype
) -> None:
    with autocast(torch.bfloat16, CPU):
        assert product_dtype(torch.zeros(1, dtype=own)) == expected
