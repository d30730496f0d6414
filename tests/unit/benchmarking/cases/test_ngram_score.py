import numpy as np
import pytest

from benchmark_cases import TINY_EFFORT, TINY_NGRAMS
from nextword.base import BenchmarkError
from nextword.benchmarking import NgramScoreCase, case_table
from nextword.benchmarking.cases import ngram_score
from nextword.benchmarking.ngrams import has_kenlm, made_texts

CASE = NgramScoreCase(name="ngram-score-tiny", summary="tiny scores", sizes=TINY_NGRAMS)


def test_ngram_score_case_has_a_row_for_each_program() -> None:
    result = CASE.measure(TINY_EFFORT, on_progress=lambda *_, **__: None)

    programs = ["nextword", "nextword.kenlm", *(["kenlm"] if has_kenlm() else [])]
    assert [row.name for row in result.rows] == programs
    assert result.kind == "ngram"
    assert 0.0 < result.parity.distance <= result.parity.limit == 1e-5
    _, test = made_texts(TINY_NGRAMS)
    num_tokens = len(test.split()) + len(test.splitlines())
    for row in result.rows:
        assert row.tokens_per_second == pytest.approx(num_tokens / row.seconds.median)


def test_ngram_score_case_without_kenlm_has_our_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngram_score, "has_kenlm", lambda: False)

    result = CASE.measure(TINY_EFFORT, on_progress=lambda *_, **__: None)

    table = case_table(result.to_dict())
    assert [row[0] for row in table.rows] == ["nextword", "nextword.kenlm"]
    assert table.head == ("", "ms", "relative time", "tokens/s")
    assert "difference from nextword: log-probabilities of sentences, nextword.ken" in table.note


def test_ngram_score_case_wrong_scores_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = ngram_score.batch_scorer

    def wrong(*arguments: object, **keywords: object) -> object:
        scorer = exact(*arguments, **keywords)  # type: ignore[arg-type]
        return lambda: np.multiply(scorer(), 1.001)

    monkeypatch.setattr(ngram_score, "batch_scorer", wrong)

    with pytest.raises(BenchmarkError, match="differs from that of nextword by"):
        CASE.measure(TINY_EFFORT, on_progress=lambda *_, **__: None)
