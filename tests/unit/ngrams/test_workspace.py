from pathlib import Path

import numpy as np
import pytest

from nextword.base import release_pages
from nextword.ngrams.workspace import Workspace

GENERATOR = np.random.default_rng(0)
VALUES = GENERATOR.random(1000)
PLACES = GENERATOR.integers(0, 1000, 3000)


@pytest.fixture(params=["memory", "files"])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    return Workspace(tmp_path if request.param == "files" else None, memory_bytes=4096)


def test_workspace_gather_equals_indexing(workspace: Workspace) -> None:
    np.testing.assert_array_equal(workspace.gather(VALUES, PLACES), VALUES[PLACES])


def test_workspace_histogram_equals_bincount(workspace: Workspace) -> None:
    histogram = workspace.histogram(PLACES, 1500)

    np.testing.assert_array_equal(histogram, np.bincount(PLACES, minlength=1500))


def test_workspace_concatenated_keeps_the_order(workspace: Workspace) -> None:
    parts = np.split(VALUES, [0, 5, 700])

    np.testing.assert_array_equal(workspace.concatenated(parts, np.float64), VALUES)


def test_workspace_concatenated_of_nothing_is_empty(workspace: Workspace) -> None:
    assert workspace.concatenated([], np.float32).shape == (0,)


def test_workspace_zeros_can_be_written_and_released(workspace: Workspace) -> None:
    array = workspace.zeros(5000, np.int64)
    array[3] = 7

    workspace.release()
    release_pages(array)

    assert (array.sum(), array[3]) == (7, 7)


def test_workspace_blocks_cover_everything(workspace: Workspace) -> None:
    covered = [place for block in workspace.blocks(40) for place in range(40)[block]]

    assert covered == list(range(40))


def test_workspace_arrays_outlive_the_workspace(tmp_path: Path) -> None:
    array = Workspace(tmp_path, memory_bytes=4096).concatenated([VALUES], np.float64)

    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(array, VALUES)
