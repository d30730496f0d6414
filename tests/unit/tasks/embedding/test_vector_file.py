from pathlib import Path

import numpy as np
import pytest

from nextword.base import CheckpointError, ConfigError
from nextword.tasks.embedding import check_vector_path, new_vector_file


@pytest.mark.parametrize("number", [0, 1, 12_345])
def test_vector_file_is_read_by_numpy(tmp_path: Path, number: int) -> None:
    path = tmp_path / "vectors.npy"
    expected = np.random.default_rng(0).normal(size=(number, 3)).astype(np.float32)

    with new_vector_file(path, size=3) as file:
        for vector in expected:
            file.append(vector)

    np.testing.assert_array_equal(np.load(path), expected)
    assert np.load(path, mmap_mode="r").shape == (number, 3)


def test_vector_file_after_an_error_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npy"

    with pytest.raises(RuntimeError, match="stop"), new_vector_file(path, size=3):
        raise RuntimeError("stop")

    assert list(tmp_path.iterdir()) == []


def test_check_vector_path_existing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npy"
    path.touch()

    with pytest.raises(CheckpointError, match="already exists"):
        check_vector_path(path)


def test_check_vector_path_other_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"does not end in \.npy"):
        check_vector_path(tmp_path / "vectors.txt")


def test_check_vector_path_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        check_vector_path(tmp_path / "nowhere" / "vectors.npy")
