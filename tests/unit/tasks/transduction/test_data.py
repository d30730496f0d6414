"""The training data: references as pairs, batches, and pairs that are too long."""

import numpy as np
import pytest

from nextword.base import DataError
from nextword.tasks.decoding import TargetConfig
from nextword.tasks.decoding.symbols import Symbols
from nextword.tasks.transduction.config import SourceConfig
from nextword.tasks.transduction.data import PairData
from nextword.tasks.transduction.files import Pair

PAIRS = [
    Pair(source="ab", references=("x", "yy"), place="f:1"),
    Pair(source="abcd", references=("xyx",), place="f:2"),
]


def make(*, max_length: int = 9) -> PairData:
    return PairData(
        PAIRS,
        source=Symbols.learn(SourceConfig(), [pair.source for pair in PAIRS]),
        target=Symbols.learn(TargetConfig(), ["xyx", "yy"]),
        max_length=max_length,
    )


def test_pair_data_has_a_pair_for_each_reference() -> None:
    data = make()

    assert data.lengths == [2, 2, 4]
    assert data.longest_target == 3
    assert data.length_ratio == 6 / 8


def test_pair_data_batch_has_start_and_end_tokens() -> None:
    batch = make().batch(np.array([0, 2]))

    assert batch.source_lengths.tolist() == [4, 6]
    assert batch.source_ids[0].tolist() == [2, 4, 5, 3, 0, 0]
    assert batch.targets.input_ids[0].tolist() == [2, batch.targets.target_ids[0, 0], 0, 0]
    assert batch.targets.target_ids[0].tolist() == [batch.targets.input_ids[0, 1], 3, 0, 0]
    assert batch.targets.lengths.tolist() == [2, 4]


def test_pair_data_leaves_out_long_pairs_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    data = make(max_length=3)

    assert data.lengths == [2, 2]
    assert "1 of 3 training pairs have more than 3 symbols" in caplog.text


def test_pair_data_without_short_pairs_is_an_error() -> None:
    with pytest.raises(DataError, match="all 3 training pairs have more than 1 symbols"):
        make(max_length=1)
