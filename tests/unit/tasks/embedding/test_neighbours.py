import numpy as np
import pytest

from nextword.base import ConfigError
from nextword.tasks.embedding import TextVector, nearest_among, nearest_to
from nextword.tasks.embedding import neighbours as tested

VECTORS = np.array([[1, 0], [0, 0], [1, 1], [2, 0], [-1, 0], [1, 0]], dtype=np.float32)
TEXTS = list("abcdef")


def lines_of(found: list[tested.Neighbour]) -> list[int]:
    return [each.line for each in found]


def candidates() -> list[TextVector]:
    pairs = zip(TEXTS, VECTORS, strict=True)
    return [TextVector(line=n, text=t, vector=v) for n, (t, v) in enumerate(pairs, start=1)]


def test_nearest_to_ranks_by_cosine_and_leaves_zeros_out() -> None:
    found = nearest_to(np.array([3.0, 0.0], dtype=np.float32), iter(candidates()), k=9)

    assert lines_of(found) == [1, 4, 6, 3, 5]
    assert [each.similarity for each in found] == [1.0, 1.0, 1.0, 0.707107, -1.0]


def test_nearest_to_keeps_the_first_of_equal_texts() -> None:
    found = nearest_to(VECTORS[0], iter(candidates()), k=2)

    assert [(each.line, each.text) for each in found] == [(1, "a"), (4, "d")]


def test_nearest_among_leaves_out_the_text_itself() -> None:
    found = list(nearest_among(TEXTS, VECTORS, k=2))

    assert [lines_of(each) for each in found] == [
        *([4, 6], [], [1, 4], [1, 6]),
        *([3, 1], [1, 4]),
    ]


def test_nearest_among_does_not_depend_on_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    vectors[20] = vectors[3]
    texts = [str(number) for number in range(50)]
    expected = list(nearest_among(texts, vectors, k=4))
    monkeypatch.setattr(tested, "_BLOCK", 150)

    assert list(nearest_among(texts, vectors, k=4)) == expected


def test_nearest_among_equals_sorting_all_pairs() -> None:
    vectors = np.random.default_rng(1).normal(size=(30, 5)).astype(np.float32)
    texts = [str(number) for number in range(30)]
    similarities = tested.cosines(vectors, vectors)
    np.fill_diagonal(similarities, -2.0)

    found = [lines_of(each) for each in nearest_among(texts, vectors, k=29)]

    assert found == (np.argsort(-similarities, axis=1, kind="stable")[:, :29] + 1).tolist()


@pytest.mark.parametrize("k", [0, -1])
def test_nearest_number_below_one_is_refused(k: int) -> None:
    with pytest.raises(ConfigError, match=f"nearest is {k}; it must be at least 1"):
        nearest_among(TEXTS, VECTORS, k=k)
