"""Adaptive embeddings: the rarer the word, the narrower its vector."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from nextword.layers.embeddings.clusters import NARROWING, cluster_bounds, cluster_widths
from nextword.layers.embeddings.lookup import look_up
from nextword.tensors import Embeddings, TokenIds


class WordCluster(nn.Module):
    """Words of similar frequency: their vectors, and a projection to the network's width.

    Args:
        num_words: Number of words in the cluster.
        width: Width of the network's inputs and outputs.
        narrow_width: Width of the cluster's vectors; no projection is needed if it equals `width`.
    """

    def __init__(self, num_words: int, *, width: int, narrow_width: int) -> None:
        super().__init__()
        # Scores, and vectors after the projection, get the same variance as with a plain table.
        scale = narrow_width**-0.5
        self.table = nn.Parameter(torch.empty(num_words, narrow_width).uniform_(-scale, scale))
        self.projection: nn.Parameter | None = None
        if narrow_width < width:
            scale = (3.0 / width) ** 0.5
            self.projection = nn.Parameter(torch.empty(width, narrow_width).uniform_(-scale, scale))

    def embed(
        self, word_ids: Int64[Tensor, " positions"], *, sparse: bool
    ) -> Float[Tensor, "positions width"]:
        """Return the projected vectors of words.

        Args:
            word_ids: Ids counted from the first word of the cluster, (positions).
            sparse: Whether the gradient of the table is sparse.
        """
        vectors = look_up(self.table, word_ids, sparse=sparse)
        return vectors if self.projection is None else functional.linear(vectors, self.projection)

    def narrow(self, hidden: Float[Tensor, "positions width"]) -> Float[Tensor, "positions narrow"]:
        """Project hidden vectors to the cluster's width, in which its table scores them.

        Args:
            hidden: (positions, width).
        """
        return hidden if self.projection is None else functional.linear(hidden, self.projection.T)


class AdaptiveEmbedding(nn.Module):
    """e = A_i E_i[x] for a word of cluster i; the first cluster has no A_0.

    Rare words, most of a large vocabulary, have few parameters each. The same parameters can be
    tied to the output head: `AdaptiveSoftmax` scores the words of cluster i as E_i (A_i^T h).

    Args:
        width: Width of the vectors after the projection.
        vocab_size: Number of words.
        cutoffs: First id of each cluster but the first, increasing.
        narrowing: Factor by which each cluster's vectors are narrower than those of the one before.

    Raises:
        ConfigError: The cut-offs are not increasing, or a cluster has no words.

    Source: [baevski2019].

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
        """Return the vectors of tokens.

        Args:
            token_ids: Ids, (batch, time).
            sparse: Whether the gradients of the tables are sparse.

        Returns:
            (batch, time, width).
        """
        flat_ids = token_ids.flatten()
        positions_found, vectors = [], []
        for (low, high), cluster in zip(self.bounds, self.clusters, strict=True):
            positions = ((flat_ids >= low) & (flat_ids < high)).nonzero().squeeze(1)
            positions_found.append(positions)
            vectors.append(cluster.embed(flat_ids[positions] - low, sparse=sparse))
        original_order = torch.cat(positions_found).argsort()
        return torch.cat(vectors)[original_order].view(*token_ids.shape, self.width)
