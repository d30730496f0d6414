"""Hypothesis strategies that tests share. Must not import nextword."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy


def distributions(
    *, min_size: int = 1, max_size: int = 12, zeros: bool = True
) -> SearchStrategy[list[float]]:
    """Probabilities that sum to 1, ties and (with `zeros`) impossible entries among them."""
    weights = st.integers(0 if zeros else 1, 20)
    rows = st.lists(weights, min_size=min_size, max_size=max_size).filter(any)
    return rows.map(lambda row: [weight / sum(row) for weight in row])


def cut_texts(alphabet: str, *, max_size: int = 40) -> SearchStrategy[list[str]]:
    """Texts in pieces, empty ones among them."""
    return st.lists(st.text(alphabet, max_size=5), max_size=max_size // 3)


def sentences(num_words: int, *, max_lines: int = 8) -> SearchStrategy[str]:
    """Texts of lines of words `w0`, `w1` ..., each line ended by a newline."""
    words = st.integers(0, num_words - 1).map("w{}".format)
    lines = st.lists(words, max_size=6).map(" ".join)
    return st.lists(lines, min_size=1, max_size=max_lines).map(lambda rows: "\n".join(rows) + "\n")
