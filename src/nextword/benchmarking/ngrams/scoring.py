"""Scores of whole sentences, in log10, by each program, and their comparison."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from nextword.base import BenchmarkError
from nextword.benchmarking.measuring import Parity
from nextword.benchmarking.ngrams.estimating import encode
from nextword.ngrams import NgramTables, score_rows
from nextword.tokens import Tokenizer

#: Largest allowed relative difference of the log-probability of a sentence.
LIMIT = 1e-5

#: Returns the log10-probability of each sentence, (sentences).
Scorer = Callable[[], Float64[np.ndarray, " sentences"]]


def has_kenlm() -> bool:
    """Return whether the module kenlm is installed."""
    return find_spec("kenlm") is not None


def kenlm_model(arpa: Path) -> Any:
    """Return an ARPA file as a model of the module kenlm."""
    kenlm = importlib.import_module("kenlm")
    config = kenlm.Config()
    config.show_progress = False
    return kenlm.Model(str(arpa), config)


def batch_scorer(tables: NgramTables, *, tokenizer: Tokenizer, text: str) -> Scorer:
    """Return a function that scores all words of a text together, as `nextword evaluate` does.

    The text is encoded here, not by the function.

    Args:
        tables: The n-grams.
        tokenizer: Its tokenizer.
        text: The text, one sentence per line.
    """
    start_id, end_id = tokenizer.sentence_start_id, tokenizer.sentence_end_id
    target_ids = encode(text, tokenizer).ids.astype(np.int64)[None]
    words = np.full((1, target_ids.size + tables.order - 1), -1, dtype=np.int64)
    words[0, tables.order - 1] = start_id
    read = target_ids[0, :-1]
    words[0, tables.order :] = np.where(read == end_id, start_id, read)
    counted = np.ones(target_ids.shape, dtype=bool)
    first_places = np.flatnonzero(words[0, tables.order - 1 :] == start_id)

    def scores() -> Float64[np.ndarray, " sentences"]:
        log_probs = score_rows(
            tables, words, target_ids=target_ids, counted=counted, start_id=start_id
        )
        sums: Float64[np.ndarray, " sentences"] = np.add.reduceat(
            log_probs, first_places, dtype=np.float64
        )
        in_log10: Float64[np.ndarray, " sentences"] = sums / np.log(10.0)
        return in_log10

    return scores


def sentence_scorer(score: Callable[[str], float], sentences: Sequence[str]) -> Scorer:
    """Return a function that scores one sentence after the other.

    Args:
        score: Returns the log10-probability of a sentence with its end.
        sentences: The sentences.
    """
    return lambda: np.fromiter(map(score, sentences), dtype=np.float64, count=len(sentences))


def scores_parity(scores: Mapping[str, Float64[np.ndarray, " sentences"]]) -> Parity:
    """Compare the log-probabilities of sentences with those of the first program.

    Args:
        scores: Log-probability of each sentence, by program.

    Returns:
        The largest relative difference of any sentence. It is 0 if there is one program only.

    Raises:
        BenchmarkError: A difference is above `LIMIT`.
    """
    first, *others = scores
    expected = scores[first]
    distances = {
        name: float(np.max(np.abs(scores[name] - expected) / np.abs(expected))) for name in others
    } or {first: 0.0}
    # NaN counts as larger than any number.
    worst = max(distances, key=lambda name: (distances[name] != distances[name], distances[name]))
    if not distances[worst] <= LIMIT:
        raise BenchmarkError(
            f"{worst}: the log-probability of a sentence differs from that of {first} by "
            f"{distances[worst]:.1e} of its value; {LIMIT:.0e} is allowed.",
            help="The results are wrong. Run the tests of nextword and of its kernels.",
        )
    return Parity(
        quantity=f"log-probabilities of sentences, {worst}",
        distance=distances[worst],
        limit=LIMIT,
        reference=first,
    )
