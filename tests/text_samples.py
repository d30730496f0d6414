"""Samples and settings of tiny estimators."""

from typing import Any

import numpy as np

GOOD, BAD = ("good", "fine", "great", "lovely"), ("bad", "dull", "poor", "awful")
TEXTS = [f"a {word} film" for words in (GOOD, BAD) for word in words] * 4
LABELS = (["yes"] * len(GOOD) + ["no"] * len(BAD)) * 4
SENTENCES = [["the", "dog", "sleeps"], ["a", "cat", "runs"]] * 8
TAGS = [["DET", "NOUN", "VERB"], ["DET", "NOUN", "VERB"]] * 8

#: Settings of a classifier that is trained in a tenth of a second.
SMALL: dict[str, Any] = {
    "encoder": {"word_embedding_size": 6, "word_dropout": 0.0, "input_dropout": 0.0},
    "ngrams": {"words": 1, "characters": 0, "table_size": 1 << 10, "text_dropout": 0.0},
    "averaging": {"decay": 0.5},
}


def as_texts(table: np.ndarray) -> list[str]:
    """One word for each number of a row of a table."""
    return [
        " ".join(f"c{column}_{value:.0f}" for column, value in enumerate(row))
        for row in np.clip(2 * table, -99, 99)
    ]
