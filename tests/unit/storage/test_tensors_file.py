import mmap
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from nextword.base import CheckpointError, FormatError, release_pages
from nextword.storage import tensors_file
from nextword.storage.tensors_file import map_tensors, read_tensors, write_tensors
from resident_maps import needs_maps, resident_bytes

DTYPES = [
    torch.bool,
    torch.uint8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.bfloat16,
    torch.float16,
    torch.float32,
    torch.float64,
]


def round_trip(folder: Path, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    write_tensors(folder / "tensors.safetensors", tensors)
    return read_tensors(folder / "tensors.safetensors")


@given(
    dtype=st.sampled_from(DTYPES),
    shape=st.lists(st.integers(0, 4), max_size=3),
    seed=st.integers(0, 1000),
)
def test_tensors_any_type_and_shape_round_trip(
    tmp_path_factory: pytest.TempPathFactory, dtype: torch.dtype, shape: list[int], seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    tensor = torch.randint(0, 2, shape, generator=generator).to(dtype)

    returned = round_trip(tmp_path_factory.mktemp("tensors"), {"weight": tensor})["weight"]

    assert returned.dtype == dtype
    assert torch.equal(returned, tensor)


def test_tensors_nan_and_infinity_keep_their_bits(tmp_path: Path) -> None:
    tensor = torch.tensor([float("nan"), float("inf"), -0.0])

    returned = round_trip(tmp_path, {"weight": tensor})["weight"]

    assert torch.equal(returned.view(torch.int32), tensor.view(torch.int32))


def test_tensors_transposed_and_strided_come_back_dense(tmp_path: Path) -> None:
    base = torch.arange(12.0).reshape(3, 4)

    returned = round_trip(tmp_path, {"transposed": base.T, "every_other": base[:, ::2]})

    assert torch.equal(returned["transposed"], base.T)
    assert torch.equal(returned["every_other"], base[:, ::2])


def test_tensors_tied_come_back_equal_and_apart(tmp_path: Path) -> None:
    weight = torch.nn.Parameter(torch.arange(6.0))

    returned = round_trip(tmp_path, {"input": weight, "output": weight, "part": weight[2:4]})

    assert torch.equal(returned["input"], returned["output"])
    assert torch.equal(returned["part"], torch.tensor([2.0, 3.0]))
    assert returned["input"].data_ptr() != returned["output"].data_ptr()


def test_tensors_none_at_all_round_trip(tmp_path: Path) -> None:
    assert round_trip(tmp_path, {}) == {}


def test_read_tensors_does_not_follow_later_changes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tensors.safetensors"
    write_tensors(path, {"weight": torch.zeros(1000)})
    returned = read_tensors(path)["weight"]

    with path.open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\x00\x00\x80\x3f")

    assert returned[-1] == 0.0


@pytest.mark.parametrize(
    "tensor", [torch.zeros(2).to_sparse(), torch.zeros(2, device="meta")], ids=["sparse", "meta"]
)
def test_write_tensors_without_dense_values_names_the_tensor(
    tmp_path: Path, tensor: Tensor
) -> None:
    with pytest.raises(CheckpointError, match="tensor 'counts' has no dense values in memory"):
        write_tensors(tmp_path / "file", {"counts": tensor})


def test_write_tensors_reserved_name_refuses(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no tensor may be named '__metadata__'"):
        write_tensors(tmp_path / "file", {"__metadata__": torch.zeros(1)})


def test_write_tensors_unsupported_type_refuses(tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r"safetensors does not support the dtype of a tensor .*complex128"
    ):
        write_tensors(tmp_path / "file", {"weight": torch.zeros(1, dtype=torch.complex128)})


def test_write_tensors_missing_folder_gives_the_reason(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"cannot write .*No such file"):
        write_tensors(tmp_path / "missing" / "file", {"weight": torch.zeros(1)})


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\x02\0\0\0\0\0\0\0[]", b"text" * 30])
def test_read_tensors_other_file_refuses(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tensors.safetensors"
    path.write_bytes(content)

    with pytest.raises(FormatError, match=r"tensors\.safetensors is not a valid safetensors file"):
        read_tensors(path)


def test_read_tensors_gone_between_two_openings_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanished(*_: object, **__: object) -> None:
        raise RuntimeError("unable to open file")

    monkeypatch.setattr("nextword.storage.tensors_file.load_file", vanished)

    with pytest.raises(FormatError, match="unable to open file"):
        read_tensors(tmp_path / "tensors.safetensors")


def test_tensors_large_tables_are_written_in_blocks_and_round_trip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensors_file, "_STREAMED_BYTES", 0)
    monkeypatch.setattr(tensors_file, "_BLOCK", 64)
    tensors = {
        "log_probs.1": torch.randn(7),
        "keys.2": torch.arange(100),
        "backoffs.1": torch.zeros(0),
        "log_probs.2": torch.randn(3, 5),
    }

    loaded = round_trip(tmp_path, tensors)

    assert loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name], tensor)


@needs_maps
def test_map_tensors_pages_are_released_and_read_again(tmp_path: Path) -> None:
    tensors = {"keys.2": torch.arange(1 << 18), "log_probs.1": torch.randn(1000)}
    path = tmp_path / "tensors.safetensors"
    write_tensors(path, tensors)

    mapped = map_tensors(path)
    assert all(torch.equal(mapped[name], tensors[name]) for name in tensors)
    before = resident_bytes(path)
    release_pages(mapped["keys.2"].numpy())

    # A page that the two tensors share stays.
    assert before - resident_bytes(path) >= tensors["keys.2"].nbytes - 2 * mmap.PAGESIZE
    assert all(torch.equal(mapped[name], tensors[name]) for name in tensors)
