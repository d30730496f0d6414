import json
from dataclasses import replace

from benchmark_cases import TINY_EFFORT, made_up_growth, made_up_result
from nextword.base import with_nulls
from nextword.benchmarking import FailedCase, Report


def test_report_is_json() -> None:
    report = Report(
        machine={"cpu": "a chip"},
        effort=TINY_EFFORT,
        results=(made_up_result(), made_up_growth()),
        failed=(FailedCase(case="step-wrong", reason="it is wrong.", help="Mend it."),),
    )

    values = json.loads(json.dumps(with_nulls(report.to_dict())))

    assert list(values) == ["machine", "effort", "results", "failed"]
    assert values["effort"] == {"pairs": 2, "seconds": 60.0, "tolerance": 1e9}
    assert values["failed"] == [
        {"case": "step-wrong", "reason": "it is wrong.", "help": "Mend it."}
    ]


def test_case_result_to_dict_has_its_keys() -> None:
    values = made_up_result().to_dict()

    assert list(values) == [
        "case", "kind", "summary", "sizes", "parity", "rows", "num_turns", "num_discarded",
        "elapsed_s", "backends", "peaks", "axis",
    ]  # fmt: skip
    assert values["parity"] == {
        "quantity": "outputs",
        "distance": 0.0041,
        "limit": 0.02,
        "reference": "float64",
    }


def test_row_to_dict_has_the_same_keys_whatever_was_measured() -> None:
    ours, peer = made_up_result().rows

    assert list(ours.to_dict()) == list(peer.to_dict())
    assert ours.to_dict()["ratio"] is None
    assert replace(ours, at=3).to_dict()["at"] == 3
