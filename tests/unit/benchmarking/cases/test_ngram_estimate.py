import shutil
from pathlib import Path

import pytest

from benchmark_cases import TINY_EFFORT, TINY_NGRAMS
from nextword.base import BenchmarkError
from nextword.benchmarking import CaseResult, NgramEstimateCase, case_table
from nextword.benchmarking.cases import ngram_estimate
from nextword.benchmarking.measuring import ProgramUsage
from nextword.benchmarking.ngrams import estimate
from nextword.benchmarking.ngrams.estimating import write_tables
from nextword.ngrams import arpa_text

CASE = NgramEstimateCase(name="ngram-estimate-tiny", summary="tiny tables", sizes=TINY_NGRAMS)
USAGE = ProgramUsage(seconds=0.5, processor_seconds=0.4, peak_memory_mib=120.0)


class Programs:
    """Do in this process what both programs do, and return made-up usages."""

    def __init__(self, *, order_of_lmplz: int = TINY_NGRAMS.order) -> None:
        self.order_of_lmplz = order_of_lmplz
        self.commands: list[list[str]] = []

    def __call__(
        self, command: list[str], *, stdin: Path | None = None, stdout: Path | None = None
    ) -> ProgramUsage:
        self.commands.append(command)
        if stdin is None:
            train, out, order = command[-3:]
            write_tables(Path(train), Path(out), order=int(order))
        else:
            assert stdout is not None
            tokenizer, smoothed = estimate(stdin, order=self.order_of_lmplz)
            stdout.write_text("".join(arpa_text(smoothed.tables, tokenizer=tokenizer)))
        return USAGE


def measured(
    monkeypatch: pytest.MonkeyPatch, *, lmplz: str | None, programs: Programs
) -> CaseResult:
    monkeypatch.setattr(ngram_estimate, "run_program", programs)
    monkeypatch.setattr(shutil, "which", lambda name: lmplz)
    return CASE.measure(TINY_EFFORT, on_progress=lambda *_, **__: None)


def test_ngram_estimate_case_compares_with_lmplz(monkeypatch: pytest.MonkeyPatch) -> None:
    programs = Programs()

    result = measured(monkeypatch, lmplz="/bin/lmplz", programs=programs)

    assert [row.name for row in result.rows] == ["nextword", "lmplz"]
    assert result.parity.reference == "nextword"
    assert 0.0 < result.parity.distance <= result.parity.limit == 1e-5
    assert all(row.peak_memory_mib == 120.0 for row in result.rows)
    assert programs.commands[1][:5] == ["/bin/lmplz", "-o", "3", "-S", "500M"]


def test_ngram_estimate_case_without_lmplz_compares_with_counts_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = measured(monkeypatch, lmplz=None, programs=Programs())

    table = case_table(result.to_dict())
    assert table.head == ("", "ms", "tokens/s", "peak memory, MiB")
    assert [row[0] for row in table.rows] == ["nextword"]
    assert "difference from counting in memory: tables, 0.0e+00 (limit 0e+00)" in table.note


def test_ngram_estimate_case_other_model_of_lmplz_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(BenchmarkError, match="lmplz: the log-probability of a sentence differs"):
        measured(monkeypatch, lmplz="lmplz", programs=Programs(order_of_lmplz=2))


def test_ngram_estimate_case_other_tables_than_in_memory_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exact = ngram_estimate.kneser_ney

    def wrong(*arguments: object, **keywords: object) -> object:
        smoothed = exact(*arguments, **keywords)  # type: ignore[arg-type]
        smoothed.tables.log_probs[1][3] += 1e-6
        return smoothed

    monkeypatch.setattr(ngram_estimate, "kneser_ney", wrong)

    with pytest.raises(BenchmarkError, match=r"log_probs\.2: the written table differs"):
        measured(monkeypatch, lmplz=None, programs=Programs())


@pytest.mark.slow
def test_ngram_estimate_case_runs_our_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)

    [row] = CASE.measure(TINY_EFFORT, on_progress=lambda *_, **__: None).rows

    assert row.peak_memory_mib is not None
    assert row.seconds.count >= 2
