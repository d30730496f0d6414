"""What an audit says, to machines and to people."""

import math

import pytest

from nextword.evaluation.audit import AuditReport, CheckResult, SkippedCheck, render_audit


def result(name: str, *, figure: float, note: str = "", unit: str = "nats") -> CheckResult:
    return CheckResult(
        name=name,
        claim=f"{name} holds",
        passed=figure <= 0.001,
        figure=figure,
        limit=0.001,
        unit=unit,
        note=note,
    )


def report(*checks: CheckResult) -> AuditReport:
    skipped = (SkippedCheck(name="save_and_load", reason="it is in memory"),)
    return AuditReport(model="mine", text="some rows", checks=checks, skipped=skipped)


GREEN = report(result("first", figure=2e-6), result("second", figure=0.0))
RED = report(
    result("first", figure=math.nan, note="ValueError: no"),
    result("second", figure=0.0),
    result("third", figure=math.inf),
    result("fourth", figure=3.0, unit="types"),
)


def test_report_to_dict_has_the_keys_of_the_design() -> None:
    assert GREEN.to_dict() == {
        "model": "mine",
        "passed": True,
        "checks": [
            {"name": "first", "passed": True, "figure": 2e-6, "limit": 0.001},
            {"name": "second", "passed": True, "figure": 0.0, "limit": 0.001},
        ],
        "skipped": [{"name": "save_and_load", "reason": "it is in memory"}],
    }


def test_report_with_a_failure_has_not_passed_and_keeps_its_note() -> None:
    assert not RED.passed
    assert [check.name for check in RED.failed] == ["first", "third", "fourth"]
    assert RED.to_dict()["checks"][0]["note"] == "ValueError: no"


def test_render_audit_of_a_green_report() -> None:
    assert render_audit(GREEN).splitlines() == [
        "model  mine",
        "text   some rows",
        "",
        "check   property            figure         limit",
        "first   first holds   2.0e-06 nats  1.0e-03 nats  ok",
        "second  second holds        0 nats  1.0e-03 nats  ok",
        "save_and_load was skipped: it is in memory.",
        "",
        "All 2 checks passed.",
    ]


def test_render_audit_of_a_red_report_names_what_failed_last() -> None:
    lines = render_audit(RED).splitlines()

    assert lines[-1] == "3 of 4 checks FAILED: first, third, fourth."
    assert "first: ValueError: no" in lines


@pytest.mark.parametrize(("number", "figure"), [(4, "none"), (6, "infinite"), (7, "3 types")])
def test_render_audit_shows_figures_that_are_no_small_numbers(number: int, figure: str) -> None:
    assert figure in render_audit(RED).splitlines()[number]
