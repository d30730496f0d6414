from pathlib import Path

import numpy as np
import pytest

from fakes import random_text
from nextword import kenlm
from nextword.base import BenchmarkError
from nextword.benchmarking.ngrams import batch_scorer, estimate, scores_parity, sentence_scorer
from nextword.ngrams import arpa_text


def test_batch_scorer_has_the_scores_of_single_sentences(tmp_path: Path) -> None:
    path, arpa = tmp_path / "text.txt", tmp_path / "model.arpa"
    path.write_text(random_text(80, num_words=30), encoding="utf-8")
    tokenizer, smoothed = estimate(path, order=3)
    arpa.write_text("".join(arpa_text(smoothed.tables, tokenizer=tokenizer)))
    text = "w1 w2 unheard-of w3\n\nw4 w4\n"

    scores = batch_scorer(smoothed.tables, tokenizer=tokenizer, text=text)()

    expected = sentence_scorer(kenlm.Model(arpa).score, text.splitlines())()
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_scores_parity_gives_the_program_with_the_largest_difference() -> None:
    scores = np.array([-10.0, -20.0])

    parity = scores_parity({"a": scores, "b": scores * (1 + 1e-7), "c": scores * (1 + 1e-6)})

    assert (parity.quantity, parity.reference) == ("log-probabilities of sentences, c", "a")
    assert parity.distance == pytest.approx(1e-6)


@pytest.mark.parametrize("wrong", [-20.1, float("nan")])
def test_scores_parity_one_wrong_sentence_is_refused(wrong: float) -> None:
    scores = {"a": np.array([-10.0, -20.0]), "b": np.array([-10.0, wrong])}

    with pytest.raises(BenchmarkError, match="b: the log-probability of a sentence differs"):
        scores_parity(scores)
