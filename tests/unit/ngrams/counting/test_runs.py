import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.ngrams.counting.runs import Run, RunColumns, merge_runs, reduce_run
from nextword.ngrams.workspace import Workspace
from resident_maps import needs_maps, resident_bytes

LIMIT = 10_000
keys_of_runs = st.lists(st.lists(st.integers(0, 12), max_size=15), max_size=6)


@settings(max_examples=50)
@given(keys_of_runs, st.integers(1, 12))
def test_merge_runs_sums_counts_by_rising_key(runs: list[list[int]], max_ngrams: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), memory_bytes=4096)
        columns = RunColumns(workspace, limit=LIMIT)
        for keys in runs:
            array = np.array(keys, dtype=np.int64)
            columns.append(reduce_run(array, np.ones_like(array), suffixes=100 + array))

        merged = merge_runs(columns.runs(), workspace, max_ngrams=max_ngrams, limit=LIMIT)

        expected = sorted(Counter(key for keys in runs for key in keys).items())
        assert list(zip(merged.keys, merged.counts, strict=True)) == expected
        np.testing.assert_array_equal(merged.suffixes, merged.keys + 100)


@pytest.mark.parametrize("is_in_memory", [True, False])
def test_run_columns_return_what_was_appended(is_in_memory: bool, tmp_path: Path) -> None:
    columns = RunColumns(Workspace(None if is_in_memory else tmp_path), limit=LIMIT)
    columns.append(
        reduce_run(np.array([7, 3, 7]), np.array([1, 5, 2]), suffixes=np.array([70, 30, 70]))
    )
    columns.append(reduce_run(np.array([1]), np.array([4]), suffixes=np.array([10])))

    first, second = columns.runs()

    assert (first.keys.tolist(), first.counts.tolist()) == ([3, 7], [5, 3])
    assert first.suffixes.tolist() == [30, 70]
    assert (second.keys.tolist(), second.suffixes.tolist()) == ([1], [10])


@needs_maps
def test_merge_runs_keeps_no_pages_of_runs_while_it_sorts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = RunColumns(Workspace(tmp_path, memory_bytes=4096), limit=LIMIT)
    for number in range(50):
        keys = np.arange(1000) * 50 + number
        columns.append(reduce_run(keys, np.ones_like(keys), suffixes=np.zeros_like(keys)))
    runs = columns.runs()
    resident: list[int] = []

    def measured(*columns: np.ndarray, suffixes: np.ndarray) -> Run:
        resident.append(resident_bytes(tmp_path))
        return reduce_run(*columns, suffixes=suffixes)

    monkeypatch.setattr("nextword.ngrams.counting.runs.reduce_run", measured)
    merged = merge_runs(
        runs, Workspace(tmp_path, memory_bytes=4096), max_ngrams=10_000, limit=LIMIT
    )

    assert len(merged) == 50_000
    assert len(resident) >= 5
    assert max(resident) == 0
