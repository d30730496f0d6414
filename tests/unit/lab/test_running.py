"""Running claims, and the report."""

import json
from pathlib import Path

import pytest
import torch

from nextword.base import ConfigError
from nextword.lab import (
    CLAIMS,
    Check,
    Claim,
    Finding,
    Report,
    Source,
    Verdict,
    Workbench,
    find_claims,
    run_claims,
)
from nextword.tensors import tune_process


def fake_claim(number: int, *, passed: bool = True) -> Claim:
    def measure(bench: Workbench) -> Finding:
        return Finding(
            verdict=Verdict.HOLDS if passed else Verdict.FAILS,
            reason="It was measured.",
            figures={"drawn": torch.rand(()).item()},
            checks=(Check(text="the stated expectation", passed=passed),),
        )

    return Claim(
        id=f"C{number}",
        name=f"claim-{number}",
        statement="A claim.",
        sources=(Source(lecture="lecture-000", place="A slide"),),
        method="It is measured.",
        expected="That it holds.",
        measure=measure,
    )


def test_every_claim_has_the_same_generators(tmp_path: Path) -> None:
    report = run_claims([fake_claim(1), fake_claim(2)], Workbench(tmp_path, seed=5))

    first, second = (each.finding.figures["drawn"] for each in report.outcomes)
    assert first == second


def test_process_is_tuned_before_every_claim(tmp_path: Path) -> None:
    tune_process()
    tuned = torch.get_float32_matmul_precision()
    other = "highest" if tuned == "medium" else "medium"
    torch.set_float32_matmul_precision(other)
    try:
        run_claims([fake_claim(1)], Workbench(tmp_path))
        found = torch.get_float32_matmul_precision()
    finally:
        torch.set_float32_matmul_precision(tuned)

    assert found == tuned


def test_missed_expectation_is_reported(tmp_path: Path) -> None:
    report = run_claims([fake_claim(1), fake_claim(2, passed=False)], Workbench(tmp_path))

    assert [each.claim.id for each in report.missed] == ["C2"]
    values = json.loads(json.dumps(report.to_dict()))
    assert [claim["passed"] for claim in values["claims"]] == [True, False]
    assert values["claims"][1]["verdict"] == "does not hold"
    assert {"id", "verdict", "expected", "passed", "figures"} <= set(values["claims"][0])


def test_reports_so_far_are_passed_on(tmp_path: Path) -> None:
    seen: list[Report] = []

    run_claims([fake_claim(1), fake_claim(2)], Workbench(tmp_path), on_outcome=seen.append)

    assert [len(report.outcomes) for report in seen] == [1, 2]


def test_shared_object_is_made_once_and_does_not_disturb_the_generators(tmp_path: Path) -> None:
    bench = Workbench(tmp_path, seed=3)
    bench.seed_generators()
    expected = torch.rand(())

    bench.seed_generators()
    made = [bench.shared("numbers", lambda: torch.rand(3)) for _ in range(2)]

    assert made[0] is made[1]
    assert torch.equal(torch.rand(()), expected)


@pytest.mark.parametrize("name", ["C6", "c6", "6", "c06", "bptt-sum", "BPTT-sum"])
def test_find_claims_by_number_and_name(name: str) -> None:
    assert [claim.name for claim in find_claims([name])] == ["bptt-sum"]


def test_find_claims_all_is_every_claim() -> None:
    assert find_claims(["all"]) == list(CLAIMS)


def test_find_claims_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no claim 'bptt-sun'.*bptt-sum.*nextword lab list"):
        find_claims(["C6", "bptt-sun"])
