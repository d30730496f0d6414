import torch

from nextword.generation.rows.seen_ids import SeenIds


def seen(*rows: list[int]) -> SeenIds:
    """What rows of ids, of any lengths, have read of a vocabulary of three ids."""
    lengths = torch.tensor([len(row) for row in rows])
    padded = [[*row, 0, 0][: int(lengths.max())] for row in rows]
    return SeenIds(num_rows=len(rows), vocab_size=3).read(torch.tensor(padded), lengths=lengths)


def test_seen_ids_new_rows_have_read_nothing() -> None:
    assert SeenIds(num_rows=2, vocab_size=3).mask().tolist() == [[False] * 3] * 2


def test_seen_ids_marks_valid_ids_of_all_reads() -> None:
    after = seen([2, 2], [1]).read(torch.tensor([[0], [2]]), lengths=torch.tensor([0, 1]))

    assert after.mask().tolist() == [[False, False, True], [False, True, True]]


def test_seen_ids_reading_leaves_the_value_before_as_it_is() -> None:
    before = SeenIds.of(seen([2], [1]).mask())
    expected = before.mask().tolist()

    after = before.read(torch.tensor([[0], [0]]), lengths=torch.tensor([1, 1]))

    assert after.mask()[:, 0].all()
    assert before.mask().tolist() == expected


def test_seen_ids_rows_that_are_selected_and_joined_keep_theirs() -> None:
    rows = seen([2, 2], [1]).select(torch.tensor([1])).concatenate(seen([0]))

    assert rows.mask().tolist() == [[False, True, False], [True, False, False]]
    assert (rows.num_rows, rows.vocab_size) == (2, 3)
