"""Word vectors written in every format that is read."""

from collections.abc import Callable

import numpy as np

Write = Callable[[list[str], np.ndarray], bytes]


def text(words: list[str], vectors: np.ndarray) -> bytes:
    lines = [
        f"{word} {' '.join(map(repr, row.tolist()))}\n"
        for word, row in zip(words, vectors, strict=True)
    ]
    return "".join(lines).encode()


def header(vectors: np.ndarray) -> bytes:
    return b"%d %d\n" % vectors.shape


def word2vec_text(words: list[str], vectors: np.ndarray) -> bytes:
    return header(vectors) + text(words, vectors)


def fasttext(words: list[str], vectors: np.ndarray) -> bytes:
    return header(vectors) + text(words, vectors).replace(b"\n", b" \n")


def word2vec_binary(words: list[str], vectors: np.ndarray, end: bytes = b"\n") -> bytes:
    entries = [
        word.encode() + b" " + row.astype("<f4").tobytes() + end
        for word, row in zip(words, vectors, strict=True)
    ]
    return header(vectors) + b"".join(entries)


def gensim_binary(words: list[str], vectors: np.ndarray) -> bytes:
    return word2vec_binary(words, vectors, end=b"")


FORMATS = (text, word2vec_text, fasttext, word2vec_binary, gensim_binary)
