from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import ConfigError
from nextword.batches import Batch, UnitReader
from resident_maps import needs_maps, resident_bytes

BOUNDARY = 1000


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A stream, its units, and how it is read."""

    lengths: list[int]
    batch_size: int
    max_steps: int
    order: list[int]

    @property
    def starts(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)

    def reader(self) -> UnitReader:
        return UnitReader(
            np.arange(sum(self.lengths), dtype=np.uint16),
            self.starts,
            batch_size=self.batch_size,
            boundary_id=BOUNDARY,
            order=np.array(self.order, dtype=np.int64),
        )

    def windows(self) -> list[Batch]:
        return list(self.reader().windows(self.max_steps))


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """Units of every length, empty ones among them, taken in any order."""
    lengths = draw(st.lists(st.integers(0, 9), max_size=12))
    return Layout(
        lengths=lengths,
        batch_size=draw(st.integers(1, 6)),
        max_steps=draw(st.integers(1, 7)),
        order=draw(st.permutations(range(len(lengths)))),
    )


def naive_rows(layout: Layout) -> list[list[tuple[list[int], list[int], bool]]]:
    """What each window holds, by plain lists: (inputs, targets, begins) of each row."""
    starts = layout.starts
    waiting = [
        list(range(starts[unit], starts[unit + 1])) for unit in layout.order if layout.lengths[unit]
    ]
    rows: list[tuple[list[int], list[int]]] = [([], []) for _ in layout.lengths]
    rows = rows[: layout.batch_size]
    windows = []
    while waiting or any(targets for _, targets in rows):
        fresh = [not targets and bool(waiting) for _, targets in rows]
        for row, is_fresh in enumerate(fresh):
            if is_fresh and waiting:
                unit = waiting.pop(0)
                rows[row] = ([BOUNDARY, *unit[:-1]], unit)
            else:
                fresh[row] = False
        cut = layout.max_steps
        windows.append([(i[:cut], t[:cut], new) for (i, t), new in zip(rows, fresh, strict=True)])
        rows = [(inputs[cut:], targets[cut:]) for inputs, targets in rows]
    return windows


def counted(batch: Batch, ids: torch.Tensor) -> list[list[int]]:
    """The ids of each row that count."""
    return [row[kept].tolist() for row, kept in zip(ids, batch.mask(), strict=True)]


@given(layouts())
def test_reader_reads_what_plain_lists_say(layout: Layout) -> None:
    read = [
        list(
            zip(
                counted(batch, batch.token_ids),
                counted(batch, batch.target_ids),
                batch.begins.tolist(),
                strict=True,
            )
        )
        for batch in layout.windows()
    ]

    assert read == naive_rows(layout)


@given(layouts())
def test_reader_every_target_comes_exactly_once(layout: Layout) -> None:
    targets = [
        target
        for batch in layout.windows()
        for row in counted(batch, batch.target_ids)
        for target in row
    ]

    assert sorted(targets) == list(range(sum(layout.lengths)))


@given(layouts())
def test_reader_positions_say_where_the_first_target_stands(layout: Layout) -> None:
    for batch in layout.windows():
        rows = counted(batch, batch.target_ids)
        for position, row in zip(batch.positions.tolist(), rows, strict=True):
            assert not row or row == list(range(position, position + len(row)))


@given(layouts())
def test_reader_windows_are_no_longer_than_asked_and_never_empty(layout: Layout) -> None:
    for batch in layout.windows():
        longest = max(len(row) for row in counted(batch, batch.target_ids))
        assert batch.token_ids.shape[1] == longest
        assert 1 <= longest <= layout.max_steps


@given(layouts())
def test_reader_lengths_are_none_exactly_where_all_steps_count(layout: Layout) -> None:
    for batch in layout.windows():
        if batch.lengths is not None:
            assert int(batch.lengths.min()) < batch.token_ids.shape[1]
        assert batch.num_targets == int(batch.mask().sum())


@given(layouts())
def test_reader_padding_is_the_boundary(layout: Layout) -> None:
    for batch in layout.windows():
        assert (batch.token_ids[~batch.mask()] == BOUNDARY).all()
        assert (batch.target_ids[~batch.mask()] == BOUNDARY).all()


@given(layouts(), st.integers(0, 20))
def test_reader_seek_goes_on_where_position_was_taken(layout: Layout, num_read: int) -> None:
    reader = layout.reader()
    for _ in range(num_read):
        reader.read(layout.max_steps)
    place = reader.position()
    rest = [batch.target_ids.tolist() for batch in reader.windows(layout.max_steps)]

    other = layout.reader()
    other.seek(place)

    assert [batch.target_ids.tolist() for batch in other.windows(layout.max_steps)] == rest


@given(layouts(), st.integers(0, 5))
def test_reader_position_is_a_copy_that_reading_does_not_change(
    layout: Layout, num_read: int
) -> None:
    reader = layout.reader()
    for _ in range(num_read):
        reader.read(layout.max_steps)
    place = reader.position()
    kept = place.clone()

    reader.seek(place)
    reader.read(layout.max_steps)

    assert torch.equal(place, kept)


@given(layouts(), st.integers(0, 5))
def test_reader_count_windows_equals_reading_and_leaves_the_place(
    layout: Layout, num_read: int
) -> None:
    reader = layout.reader()
    for _ in range(num_read):
        reader.read(layout.max_steps)
    before = reader.position()

    counted_windows = reader.count_windows(layout.max_steps)

    assert torch.equal(reader.position(), before)
    assert counted_windows == len(list(reader.windows(layout.max_steps)))


def test_reader_without_order_takes_units_as_they_stand() -> None:
    reader = UnitReader(np.arange(6), np.array([0, 2, 4, 6]), batch_size=1, boundary_id=BOUNDARY)

    assert [batch.target_ids.tolist() for batch in reader.windows(9)] == [
        [[0, 1]],
        [[2, 3]],
        [[4, 5]],
    ]


def test_reader_empty_units_first_do_not_end_the_reading() -> None:
    layout = Layout(lengths=[0, 0, 0, 2], batch_size=2, max_steps=5, order=[0, 1, 2, 3])

    assert [counted(batch, batch.target_ids) for batch in layout.windows()] == [[[0, 1], []]]


def test_reader_window_inside_a_unit_shifts_by_the_token_before() -> None:
    layout = Layout(lengths=[5], batch_size=1, max_steps=2, order=[0])

    inputs = [batch.token_ids.tolist() for batch in layout.windows()]

    assert inputs == [[[BOUNDARY, 0]], [[1, 2]], [[3]]]


def test_reader_idle_row_has_length_zero_and_begins_nothing() -> None:
    layout = Layout(lengths=[4, 1], batch_size=2, max_steps=2, order=[0, 1])

    _, last = layout.windows()

    assert last.lengths is not None
    assert last.lengths.tolist() == [2, 0]
    assert last.begins.tolist() == [False, False]


def test_reader_no_units_reads_nothing() -> None:
    reader = UnitReader(np.arange(0), np.array([0]), batch_size=3, boundary_id=BOUNDARY)

    assert reader.read(5) is None
    assert reader.count_windows(5) == 0


def test_reader_more_rows_than_units_uses_a_row_a_unit() -> None:
    layout = Layout(lengths=[1, 2], batch_size=9, max_steps=5, order=[0, 1])

    assert layout.reader().batch_size == 2


def test_reader_batch_size_below_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="batch_size is 0; it must be at least 1"):
        UnitReader(np.arange(3), np.array([0, 3]), batch_size=0, boundary_id=BOUNDARY)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32])
def test_reader_memory_mapped_stream_reads_as_one_in_memory(
    tmp_path: Path, kind: type[np.unsignedinteger]
) -> None:
    tokens = np.arange(200, dtype=kind)
    tokens.tofile(tmp_path / "tokens.bin")
    mapped = np.memmap(tmp_path / "tokens.bin", dtype=kind, mode="r")
    starts = np.array([0, 70, 200])

    batches = UnitReader(mapped, starts, batch_size=2, boundary_id=BOUNDARY).windows(33)

    read = sorted(int(t) for batch in batches for t in batch.target_ids[batch.mask()])
    assert read == list(range(200))


@given(layouts(), st.data())
def test_batch_rows_cut_anywhere_hold_the_whole(layout: Layout, data: st.DataObject) -> None:
    for batch in layout.windows():
        cuts = [0, data.draw(st.integers(0, len(batch.begins))), len(batch.begins)]
        parts = [batch.rows(start, end) for start, end in pairwise(cuts)]

        for name in ("token_ids", "target_ids", "begins", "positions"):
            joined = torch.cat([getattr(part, name) for part in parts])
            assert torch.equal(joined, getattr(batch, name))
        assert torch.equal(torch.cat([part.mask() for part in parts]), batch.mask())


@pytest.mark.parametrize("lengths", [[3, 3], [3, 1]], ids=["full", "ragged"])
def test_batch_to_moves_every_tensor(lengths: list[int]) -> None:
    layout = Layout(lengths=lengths, batch_size=2, max_steps=3, order=[0, 1])

    moved = layout.windows()[0].to(torch.device("meta"))

    tensors = [moved.token_ids, moved.target_ids, moved.begins, moved.positions]
    tensors += [] if moved.lengths is None else [moved.lengths]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert (moved.lengths is None) == (lengths == [3, 3])


@given(layouts(), st.integers(1, 4))
def test_parts_of_several_processes_are_the_rows_of_one(layout: Layout, num_processes: int) -> None:
    whole = layout.reader()
    if whole.batch_size < num_processes:
        return
    parts = [
        UnitReader(
            np.arange(sum(layout.lengths), dtype=np.uint16),
            layout.starts,
            batch_size=layout.batch_size,
            boundary_id=BOUNDARY,
            order=np.array(layout.order, dtype=np.int64),
            rank=rank,
            num_processes=num_processes,
        )
        for rank in range(num_processes)
    ]

    while (window := whole.read(layout.max_steps)) is not None:
        read = [part.read(layout.max_steps) for part in parts]
        assert [len(each.token_ids) for each in read if each] == [part.num_rows for part in parts]
        for name in ("token_ids", "target_ids", "begins", "positions"):
            together = torch.cat([getattr(each, name) for each in read if each])
            assert torch.equal(together, getattr(window, name))
        assert sum(each.num_targets for each in read if each) == window.num_targets
        assert all(torch.equal(part.position(), whole.position()) for part in parts)
    assert [part.read(layout.max_steps) for part in parts] == [None] * num_processes


def test_fewer_rows_than_processes_are_refused() -> None:
    with pytest.raises(ConfigError, match="2 rows, fewer than the 3 processes") as error:
        UnitReader(
            np.arange(9),
            np.array([0, 4, 9]),
            batch_size=5,
            boundary_id=BOUNDARY,
            num_processes=3,
        )

    assert "training.batch_size to at least 3" in error.value.help


@needs_maps
def test_reader_releases_pages_of_a_mapped_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nextword.batches.reader._RELEASED", 1 << 16)
    path = tmp_path / "tokens.bin"
    np.arange(1 << 20, dtype=np.int32).tofile(path)
    mapped = np.memmap(path, dtype=np.int32, mode="r")
    starts = np.array([0, 1 << 19, 1 << 20])

    resident, read = [], 0
    for batch in UnitReader(mapped, starts, batch_size=2, boundary_id=BOUNDARY).windows(1 << 14):
        read += int(batch.target_ids.sum())
        resident.append(resident_bytes(path))

    assert read == int(np.arange(1 << 20).sum())
    assert resident.count(0) >= 5
