"""Embeddings that are narrower the rarer the word."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from nextword.layers.embeddings.clusters import NARROWING, cluster_bounds, cluster_widths
from nextword.layers.embeddings.lookup import look_up
from nextword.tensors import Embeddings, TokenIds


class WordCluster(nn.Module):
    """Words of like frequency: their vectors, and the way from and to the network's width.

    Args:
        num_words: Words of the cluster.
        width: What the network reads and gives.
        narrow_width: Width of the cluster's own vectors; the head's are as wide as the network.
    """

    def __init__(self, num_words: int, *, width: int, narrow_width: int) -> None:
        super().__init__()
        # Drawn so that scores, and vectors after the projection, spread as a plain table's do.
        scale = narrow_width**-0.5
        self.table = nn.Parameter(torch.empty(num_words, narrow_width).uniform_(-scale, scale))
        self.projection: nn.Parameter | None = None
        if narrow_width < width:
            scale = (3.0 / width) ** 0.5
            self.projection = nn.Parameter(torch.empty(width, narrow_width).uniform_(-scale, scale))

    def embed(
        self, word_ids: Int64[Tensor, " positions"], *, sparse: bool
    ) -> Float[Tensor, "positions width"]:
        """Give the vectors of words, numbered within the cluster, as the network reads them."""
        vectors = look_up(self.table, word_ids, sparse=sparse)
        return vectors if self.projection is None else functional.linear(vectors, self.projection)

    def narrowed(
        self, hidden: Float[Tensor, "positions width"]
    ) -> Float[Tensor, "positions narrow"]:
        """Give hidden vectors in the cluster's width, to be multiplied with its table."""
        return hidden if self.projection is None else functional.linear(hidden, self.projection.T)


class AdaptiveEmbedding(nn.Module):
    """e = A_i E_i[x] for a word of cluster i; the head has no A_0.

    Rare words, which are most of a large vocabulary, get few numbers each. The same numbers can
    predict: `AdaptiveSoftmax` scores the words of cluster i as E_i (A_i^T h).

    Args:
        width: Width of what the network reads.
        vocab_size: Number of words.
        cutoffs: Where one cluster ends and the next begins.
        narrowing: How many times narrower the vectors of each cluster are than those before.

    Raises:
        ConfigError: The cut-offs are out of order or leave a cluster without words.

    Source: Baevski & Auli (2019), adaptive input representations.

    Example:
        >>> embedding = AdaptiveEmbedding(64, 50, cutoffs=(10, 20))
        >>> embedding(torch.tensor([[0, 15, 49]])).shape
        torch.Size([1, 3, 64])
    """

    def __init__(
        self,
        width: int,
        vocab_size: int,
        *,
        cutoffs: Sequence[int],
        narrowing: int = NARROWING,
    ) -> None:
        super().__init__()
        self.width = width
        self.bounds = cluster_bounds(cutoffs, vocab_size=vocab_size)
        sizes = [high - low for low, high in self.bounds]
        widths = cluster_widths(width, num_clusters=len(sizes), narrowing=narrowing)
        self.clusters: Sequence[WordCluster] = nn.ModuleList(  # type: ignore[assignment]
            WordCluster(size, width=width, narrow_width=narrow_width)
            for size, narrow_width in zip(sizes, widths, strict=True)
        )

    def forward(self, token_ids: TokenIds, *, sparse: bool = False) -> Embeddings:
        """Give the vectors of tokens, (batch, time, width).

        Args:
            token_ids: Ids, (batch, time).
            sparse: Whether the gradient of the tables stays a list of rows.
        """
        flat_ids = token_ids.flatten()
        found, vectors = [], []
        for (low, high), cluster in zip(self.bounds, self.clusters, strict=True):
            positions = ((flat_ids >= low) & (flat_ids < high)).nonzero().squeeze(1)
            found.append(positions)
            vectors.append(cluster.embed(flat_ids[positions] - low, sparse=sparse))
        back_in_order = torch.cat(found).argsort()
        return torch.cat(vectors)[back_in_order].view(*token_ids.shape, self.width)
