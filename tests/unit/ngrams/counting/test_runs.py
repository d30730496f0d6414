import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.ngrams.counting.runs import merge_runs, reduce_run

keys_of_runs = st.lists(st.lists(st.integers(0, 12), max_size=15), max_size=6)


@settings(max_examples=50)
@given(keys_of_runs, st.integers(1, 12))
def test_merge_runs_sums_counts_by_rising_key(runs: list[list[int]], max_ngrams: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        spilled = []
        for index, keys in enumerate(runs):
            array = np.array(keys, dtype=np.int64)
            run = reduce_run(array, np.ones_like(array), suffixes=100 + array)
            spilled.append(run.spill(Path(folder) / f"{index}"))

        merged = merge_runs(spilled, Path(folder) / "merged", max_ngrams=max_ngrams)

        expected = sorted(Counter(key for keys in runs for key in keys).items())
        assert list(zip(merged.keys, merged.counts, strict=True)) == expected
        np.testing.assert_array_equal(merged.suffixes, merged.keys + 100)


def test_spilled_run_reads_what_was_written(tmp_path: Path) -> None:
    run = reduce_run(np.array([7, 3, 7]), np.array([1, 5, 2]), suffixes=np.array([70, 30, 70]))

    read = run.spill(tmp_path / "run").read()

    assert read.keys.tolist() == [3, 7]
    assert read.counts.tolist() == [5, 3]
    assert read.suffixes.tolist() == [30, 70]


def test_spilled_run_delete_removes_its_file(tmp_path: Path) -> None:
    spilled = reduce_run(np.array([1]), np.array([1]), suffixes=np.array([1])).spill(
        tmp_path / "run"
    )

    spilled.delete()

    assert not list(tmp_path.iterdir())
