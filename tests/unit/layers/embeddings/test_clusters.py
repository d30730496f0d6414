from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.layers.embeddings import default_cutoffs
from nextword.layers.embeddings.clusters import cluster_bounds, cluster_widths


@given(st.integers(2, 10**7))
def test_default_cutoffs_of_any_vocabulary_make_clusters_that_hold_words(vocab_size: int) -> None:
    bounds = cluster_bounds(default_cutoffs(vocab_size), vocab_size=vocab_size)

    sizes = [high - low for low, high in bounds]
    assert sum(sizes) == vocab_size
    assert min(sizes) >= 1


@given(st.integers(100, 10**7))
def test_default_cutoffs_make_clusters_that_grow(vocab_size: int) -> None:
    bounds = cluster_bounds(default_cutoffs(vocab_size), vocab_size=vocab_size)

    assert all(low < high for low, high in pairwise(high - low for low, high in bounds))


@pytest.mark.parametrize("width", [1, 7, 16, 650])
def test_cluster_widths_fall_but_never_below_the_least(width: int) -> None:
    widths = cluster_widths(width, num_clusters=5)

    assert widths[0] == width
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == min(width, 16)
