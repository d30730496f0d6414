import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import HashModel
from nextword.models import default_chunk_length

VOCAB_SIZE = 11


@given(vocab_size=st.integers(1, 10**6), num_rows=st.integers(1, 256))
def test_default_chunk_length_bounds_memory_between_its_limits(
    vocab_size: int, num_rows: int
) -> None:
    model = HashModel(VOCAB_SIZE)
    model.vocab_size = vocab_size

    chunk_length = default_chunk_length(model, num_rows=num_rows)

    assert 16 <= chunk_length <= 512
    assert chunk_length == 16 or chunk_length * num_rows * vocab_size <= 2**24


def test_default_chunk_length_when_no_distribution_is_built_is_long() -> None:
    model = HashModel(VOCAB_SIZE)
    model.builds_distributions = False

    assert default_chunk_length(model, num_rows=1) == 2**17
    assert default_chunk_length(model, num_rows=2**20) == 1


@pytest.mark.parametrize(
    ("num_parameters", "num_targets"), [(2**28, 2**17), (2**30, 2**19), (2**40, 2**20)]
)
def test_default_chunk_length_of_large_tables_is_longer(
    num_parameters: int, num_targets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = HashModel(VOCAB_SIZE)
    model.builds_distributions = False
    monkeypatch.setattr(HashModel, "num_parameters", num_parameters)

    assert default_chunk_length(model, num_rows=32) == num_targets // 32
