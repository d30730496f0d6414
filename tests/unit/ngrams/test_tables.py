import re

import numpy as np
import pytest

from nextword.base import FormatError
from nextword.ngrams import NOT_FOUND, NgramTables
from nextword.ngrams.tables import logarithms

VOCAB_SIZE = 4


def small(**changes: object) -> NgramTables:
    """Bigrams 0-1, 0-3, 2-0, and the trigram 0-3-2 over four ids."""
    values = {
        "vocab_size": VOCAB_SIZE,
        "keys": (np.array([1, 3, 8]), np.array([1 * VOCAB_SIZE + 2])),
        "log_probs": tuple(np.full(size, -1.0, dtype=np.float32) for size in (4, 3, 1)),
        "backoffs": tuple(np.full(size, -0.5, dtype=np.float32) for size in (4, 3)),
    }
    return NgramTables(**(values | changes))


def test_tables_count_ngrams_and_parameters() -> None:
    tables = small()

    assert tables.order == 3
    assert tables.num_ngrams == (4, 3, 1)
    assert tables.num_parameters == 4 + 3 + 1 + 4 + 3


def test_tables_find_gives_ranks_or_not_found() -> None:
    contexts, words = np.array([0, 0, 2, 3, NOT_FOUND]), np.array([3, 2, 0, 3, 1])

    assert small().find(2, contexts, words=words).tolist() == [
        1,
        NOT_FOUND,
        2,
        NOT_FOUND,
        NOT_FOUND,
    ]


def test_tables_find_in_an_empty_order_finds_nothing() -> None:
    tables = small(keys=(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)))

    assert tables.find(2, np.array([0]), words=np.array([1])).tolist() == [NOT_FOUND]


@pytest.mark.parametrize("distance", [1, 2, 8, 64, 4096])
def test_tables_large_ones_are_read_in_ascending_order(
    monkeypatch: pytest.MonkeyPatch, distance: int
) -> None:
    generator = np.random.default_rng(distance)
    keys = np.flatnonzero(generator.random(VOCAB_SIZE * 50) < 0.5)
    log_probs = generator.standard_normal(len(keys)).astype(np.float32)
    tables = NgramTables(
        vocab_size=VOCAB_SIZE,
        keys=(keys,),
        log_probs=(np.zeros(50, dtype=np.float32), log_probs),
        backoffs=(np.zeros(50, dtype=np.float32),),
    )
    contexts = generator.integers(NOT_FOUND, 50, size=1000)
    words = generator.integers(0, VOCAB_SIZE, size=1000)
    ranks = tables.find(2, contexts, words=words)
    found = ranks[ranks != NOT_FOUND]
    values = tables.gather(log_probs, found)

    monkeypatch.setattr("nextword.ngrams.tables._SMALL_TABLES", 10)
    monkeypatch.setattr("nextword.ngrams.tables._MAPPED_BYTES", 16)
    monkeypatch.setattr("nextword.ngrams.tables._MAPPED_PAGES", 3)
    monkeypatch.setattr("nextword.ngrams.tables._FENCE_DISTANCE", distance)
    monkeypatch.setattr("nextword.ngrams.tables._BLOCK", 64)
    released: list[bool] = []
    monkeypatch.setattr(NgramTables, "release", lambda self: released.append(True))

    assert tables.find(2, contexts, words=words).tolist() == ranks.tolist()
    assert tables.gather(log_probs, found).tolist() == values.tolist() == log_probs[found].tolist()
    assert len(released) >= 10
    assert 0 < len(found) < len(ranks)


def test_tables_words_of_spells_ngrams() -> None:
    tables = small()

    assert tables.words_of(2, np.arange(3)).tolist() == [[0, 1], [0, 3], [2, 0]]
    assert tables.words_of(3, np.arange(1)).tolist() == [[0, 3, 2]]


def test_tables_without_pruned_renumbers_contexts() -> None:
    kept = [np.ones(4, dtype=bool), np.array([False, True, True]), np.array([True])]

    pruned = small().without_pruned(kept)

    assert pruned.num_ngrams == (4, 2, 1)
    assert pruned.words_of(3, np.arange(1)).tolist() == [[0, 3, 2]]


def test_tables_arrays_make_the_same_tables() -> None:
    tables = small()

    again = NgramTables.from_arrays(tables.arrays(), vocab_size=VOCAB_SIZE, source="model")

    for name, values in again.arrays().items():
        np.testing.assert_array_equal(values, tables.arrays()[name])
        assert np.shares_memory(values, tables.arrays()[name])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keys.2": None}, "it has no keys.2"),
        ({"log_probs.2": None}, "it has no log_probs.2"),
        ({"keys.2": np.array([1, 3], dtype=np.int64)}, "the arrays of order 2 differ in length"),
        ({"keys.2": np.array([3, 1, 8])}, "the n-grams of order 2 are not sorted"),
        ({"keys.2": np.array([1, 3, 16])}, "the n-grams of order 2 are not sorted"),
        ({"keys.2": np.array([-1, 3, 8])}, "the n-grams of order 2 are not sorted"),
        ({"keys.2": np.array([1.0, 3.0, 8.0])}, "keys.2 has dtype float64 and shape [3]"),
        (
            {"log_probs.1": np.zeros(5, dtype=np.float32)},
            "it has 5 words, but the vocabulary has 4",
        ),
        ({"odd": np.zeros(1, dtype=np.float32)}, "it contains odd"),
        *(
            ({name: np.array(values, dtype=np.float32)}, f"{name} contains {shown}")
            for name, values, shown in (
                ("log_probs.1", [-1.0, np.inf, -1.0, -1.0], "inf"),
                ("log_probs.1", [-1.0, -1.0, np.nan, -1.0], "nan"),
                ("log_probs.2", [-1.0, 0.5, -1.0], "0.5"),
                ("backoffs.1", [0.0, np.inf, 0.0, 0.0], "inf"),
                ("backoffs.1", [0.0, 0.0, 0.0, 1e30], "1e+30"),
            )
        ),
    ],
)
def test_tables_damaged_arrays_are_refused(changes: dict[str, object], message: str) -> None:
    arrays = {k: v for k, v in (small().arrays() | changes).items() if v is not None}

    expected = re.escape(f"model.safetensors is damaged: {message}")
    with pytest.raises(FormatError, match=expected):
        NgramTables.from_arrays(arrays, vocab_size=VOCAB_SIZE, source="model.safetensors")


def test_tables_no_arrays_are_refused() -> None:
    with pytest.raises(FormatError, match=re.escape("it contains no n-grams.")):
        NgramTables.from_arrays({}, vocab_size=VOCAB_SIZE, source="model")


def test_logarithms_of_zero_is_minus_infinity() -> None:
    assert logarithms(np.array([1.0, 0.0])).tolist() == [0.0, -np.inf]
