"""Which tokens the merges of byte-pair encoding join."""

from collections.abc import Iterable, Mapping, Sequence


def merged_pairs(
    ids: Mapping[str, int], merges: Iterable[Sequence[str]], *, prefix: str = ""
) -> dict[int, tuple[int, int]]:
    """Return the pairs of ids that merges join, by the id of the merged token.

    Args:
        ids: Token ids by token.
        merges: Pairs of tokens, in the order in which they are applied.
        prefix: Prefix of tokens that continue a word; a merge removes it from its second token.

    Returns:
        Pairs in the order of the merges.

    Example:
        >>> merged_pairs({"a": 0, "b": 1, "ab": 2}, [("a", "b")])
        {2: (0, 1)}
    """
    return {
        ids[first + second.removeprefix(prefix)]: (ids[first], ids[second])
        for first, second in merges
    }
