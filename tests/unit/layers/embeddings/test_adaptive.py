import pytest
import torch
from torch import Tensor

from nextword.layers import AdaptiveEmbedding

WIDTH, VOCAB, CUTOFFS = 33, 60, (8, 20)
IDS = torch.tensor([[0, 59, 8, 7], [20, 19, 59, 3]])


def make() -> AdaptiveEmbedding:
    torch.manual_seed(0)
    return AdaptiveEmbedding(WIDTH, VOCAB, cutoffs=CUTOFFS).double()


def whole_table(embedding: AdaptiveEmbedding) -> Tensor:
    """The plain table that gives the same vectors."""
    parts = [
        cluster.table if cluster.projection is None else cluster.table @ cluster.projection.T
        for cluster in embedding.clusters
    ]
    return torch.cat(parts)


def test_adaptive_embedding_gives_the_rows_of_the_whole_table() -> None:
    embedding = make()

    torch.testing.assert_close(embedding(IDS), whole_table(embedding)[IDS])


@pytest.mark.parametrize("shape", [(0, 3), (2, 0)])
def test_adaptive_embedding_of_nothing_is_empty(shape: tuple[int, int]) -> None:
    vectors = make()(torch.zeros(shape, dtype=torch.int64))

    assert vectors.shape == (*shape, WIDTH)


def test_adaptive_embedding_rarer_words_have_narrower_vectors() -> None:
    sizes = [tuple(cluster.table.shape) for cluster in make().clusters]

    assert sizes == [(8, 33), (12, 16), (40, 16)]


def test_adaptive_embedding_sparse_gradients_equal_the_dense_ones() -> None:
    gradients = []
    for sparse in (True, False):
        embedding = make()
        embedding(IDS, sparse=sparse).square().sum().backward()
        gradients.append([parameter.grad for parameter in embedding.parameters()])
        assert all(c.table.grad.is_sparse == sparse for c in embedding.clusters)

    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one.to_dense(), other)


def test_adaptive_embedding_vectors_spread_alike_in_all_clusters() -> None:
    torch.manual_seed(0)
    embedding = AdaptiveEmbedding(256, 6000, cutoffs=(1000, 3000))

    spreads = [part.std() for part in whole_table(embedding).split([1000, 2000, 3000])]

    for spread in spreads:
        torch.testing.assert_close(spread, torch.tensor((3 * 256) ** -0.5), rtol=0.1, atol=0.0)
