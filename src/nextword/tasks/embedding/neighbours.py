"""Nearest neighbours of vectors by cosine similarity."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from nextword.base import Values, require_range
from nextword.tasks.embedding.contract import TextVector
from nextword.tasks.embedding.pooling import Vectors

#: Number of similarities that are computed at once (32 MiB).
_BLOCK = 1 << 22
#: Similarities are rounded, so that equal texts have equal similarities in any batch.
_DECIMALS = 6

Similarities = Float64[np.ndarray, "texts others"]


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A text and its similarity to another one.

    Attributes:
        line: Number of the text, from 1.
        text: The text.
        similarity: Cosine of the angle between the vectors, from -1 to 1.
    """

    line: int
    text: str
    similarity: float

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return {"line": self.line, "text": self.text, "similarity": self.similarity}


def nearest_to(
    query: Float32[np.ndarray, " size"], candidates: Iterable[TextVector], *, k: int
) -> list[Neighbour]:
    """Return the texts nearest to a vector, nearest first; memory does not grow with their number.

    Vectors of zeros have no direction and are left out.

    Args:
        query: The vector, (size).
        candidates: The texts, in order; of equally near ones the first come first.
        k: Number of neighbours.

    Raises:
        ConfigError: `k` is below 1.
    """
    require_range("nearest", k, low=1)
    found = (
        Neighbour(line=each.line, text=each.text, similarity=float(similarity))
        for each in candidates
        for similarity in cosines(query[None], each.vector[None])[0]
        if not np.isnan(similarity)
    )
    return heapq.nsmallest(k, found, key=lambda each: (-each.similarity, each.line))


def nearest_among(texts: Sequence[str], vectors: Vectors, *, k: int) -> Iterator[list[Neighbour]]:
    """Iterate over the nearest other texts of each text, nearest first.

    A text whose vector is zero has no neighbours and is no neighbour.

    Args:
        texts: The texts.
        vectors: Their vectors, (texts, size).
        k: Number of neighbours of each.

    Raises:
        ConfigError: `k` is below 1.
    """
    require_range("nearest", k, low=1)
    return _nearest_among(texts, vectors, k)


def _nearest_among(texts: Sequence[str], vectors: Vectors, k: int) -> Iterator[list[Neighbour]]:
    directions = _directions(vectors)
    num_rows = max(1, _BLOCK // max(1, len(texts)))
    for start in range(0, len(texts), num_rows):
        block = _rounded(directions[start : start + num_rows] @ directions.T)
        for row, similarities in enumerate(block, start=start):
            similarities[row] = np.nan
            yield [
                Neighbour(line=int(i) + 1, text=texts[i], similarity=float(similarities[i]))
                for i in _highest(similarities, k)
            ]


def cosines(
    vectors: Vectors, others: Float32[np.ndarray, "others size"]
) -> Float64[np.ndarray, "texts others"]:
    """Return the cosine similarity of each pair of vectors, rounded to 6 decimals.

    Args:
        vectors: (texts, size).
        others: (others, size).

    Returns:
        (texts, others); NaN where a vector is zero.

    Example:
        >>> cosines(np.ones((1, 2), dtype=np.float32), np.eye(2, dtype=np.float32)).tolist()
        [[0.707107, 0.707107]]
    """
    return _rounded(_directions(vectors) @ _directions(others).T)


def _rounded(products: Similarities) -> Similarities:
    similarities: Similarities = np.round(products, _DECIMALS).clip(-1.0, 1.0)
    return similarities


def _directions(vectors: Vectors) -> Float64[np.ndarray, "texts size"]:
    precise = vectors.astype(np.float64)
    norms = np.linalg.norm(precise, axis=1, keepdims=True)
    norms[norms == 0.0] = np.nan
    directions: Float64[np.ndarray, "texts size"] = precise / norms
    return directions


def _highest(similarities: Float64[np.ndarray, " others"], k: int) -> np.ndarray:
    """Return the indices of the highest values, the first of equal ones first; NaN is left out."""
    known = np.flatnonzero(~np.isnan(similarities))
    if len(known) > k:
        lowest = np.partition(similarities[known], len(known) - k)[len(known) - k]
        known = known[similarities[known] >= lowest]
    order = np.argsort(-similarities[known], kind="stable")
    return known[order][:k]
