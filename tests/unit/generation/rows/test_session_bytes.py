from dataclasses import replace

import pytest
import torch

from nextword.base import FormatError
from nextword.generation.rows.session_bytes import SessionBytes

SEEN = torch.tensor([[True] + [False] * 8 + [True], [False] * 10])
SAVED = SessionBytes.of(b"state", last_ids=torch.tensor([9, 0]), seen=SEEN)


def test_session_bytes_come_back_equal() -> None:
    loaded = SessionBytes.unpack(SAVED.pack())

    assert loaded.state == b"state"
    assert torch.equal(loaded.last_ids, SAVED.last_ids)
    assert torch.equal(loaded.seen(num_rows=2, vocab_size=10), SEEN)


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        (replace(SAVED, last_ids=torch.tensor([9])), "its state has 2 rows"),
        (replace(SAVED, last_ids=torch.tensor([10, 0])), "outside the vocabulary of 10"),
        (replace(SAVED, last_ids=torch.tensor([-1, 0])), "outside the vocabulary of 10"),
        (replace(SAVED, packed_seen=SAVED.packed_seen[:1]), r"shape \(1, 2\), not \(2, 2\)"),
        (replace(SAVED, packed_seen=SEEN), r"shape \(2, 10\)"),
    ],
)
def test_session_bytes_that_do_not_fit_are_refused(saved: SessionBytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        saved.seen(num_rows=2, vocab_size=10)


def test_session_bytes_with_other_ids_are_refused() -> None:
    with pytest.raises(FormatError, match="its last ids are not a vector of int64"):
        SessionBytes.unpack(replace(SAVED, last_ids=torch.zeros(2)).pack())
