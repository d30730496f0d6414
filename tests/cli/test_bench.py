"""Measuring speed from the command line, with tiny cases."""

import json
from functools import partial
from pathlib import Path

import pytest

import nextword.benchmarking as benchmarking
from benchmark_cases import BROKEN, GROWTH, LAYERS, STEP
from cli.caller import Call
from nextword.benchmarking import CASES, Effort, measure_case, run

TINY_CASES = (STEP, LAYERS, GROWTH, BROKEN)
QUICK = ("--pairs", "2", "--quiet")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be tiny cases, and let samples count however busy the machine is."""
    monkeypatch.setattr(benchmarking, "CASES", TINY_CASES)
    monkeypatch.setattr(benchmarking, "DEFAULT_CASE", LAYERS.name)
    monkeypatch.setattr(benchmarking, "Effort", partial(Effort, tolerance=1e9))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure in this process, which takes no time to begin."""

    def call(
        function: object, *arguments: object, on_progress: object, hidden_modules: object
    ) -> object:
        return measure_case(*arguments, on_progress=on_progress)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "call_in_subprocess", call)


def test_bench_list_has_a_line_a_case(cli: Call) -> None:
    lines = cli("bench", "--list").out.splitlines()

    assert [line.split()[0] for line in lines] == [case.name for case in CASES]
    assert all(len(line.split()) > 3 for line in lines)


def test_bench_list_json_has_its_keys(cli: Call) -> None:
    value = json.loads(cli("bench", "--list", "--json").out)

    assert list(value) == ["schema", "cases"]
    assert value["cases"][0] == {"name": CASES[0].name, "summary": CASES[0].summary}


@pytest.mark.usefixtures("tiny", "here")
def test_bench_prints_the_machine_and_a_table(cli: Call) -> None:
    finished = cli("bench", *QUICK)

    assert (finished.code, finished.err) == (0, "")
    assert "threads on" in finished.out.splitlines()[0]
    assert "layers-tiny: tiny layers" in finished.out
    assert "relative time" in finished.out
    assert "torch.nn" in finished.out


@pytest.mark.usefixtures("tiny", "here")
def test_bench_json_has_its_keys(cli: Call) -> None:
    value = json.loads(cli("bench", "layers-*", "growth-*", "--json", *QUICK).out)

    assert list(value) == ["schema", "machine", "effort", "results", "failed"]
    assert value["schema"] == 1
    assert [result["case"] for result in value["results"]] == ["layers-tiny", "growth-tiny"]
    assert value["effort"]["pairs"] == 2


@pytest.mark.usefixtures("tiny", "here")
def test_bench_out_writes_the_json_and_the_pictures(cli: Call, tmp_path: Path) -> None:
    out = tmp_path / "measured" / "today"

    finished = cli("bench", "layers-*", "growth-*", "--out", out, "--json", *QUICK)

    assert {path.name for path in out.iterdir()} == {"bench.json", "speed.png", "growth.png"}
    assert json.loads((out / "bench.json").read_text()) == json.loads(finished.out)


@pytest.mark.usefixtures("tiny", "here")
def test_bench_case_that_is_wrong_is_not_reported_and_exits_1(cli: Call) -> None:
    finished = cli("bench", "step-broken", "layers-tiny", *QUICK)

    assert finished.code == 1
    assert finished.err == "step-broken is not reported: the outputs are wrong. Mend them.\n"
    assert "step-broken" not in finished.out
    assert "layers-tiny" in finished.out


@pytest.mark.usefixtures("tiny", "here")
def test_bench_case_that_is_wrong_stands_in_the_json(cli: Call) -> None:
    finished = cli("bench", "step-broken", "--json", *QUICK)

    value = json.loads(finished.out)
    assert (finished.code, value["results"]) == (1, [])
    assert value["failed"] == [
        {"case": "step-broken", "reason": "the outputs are wrong.", "help": "Mend them."}
    ]


def test_bench_unknown_case_suggests_the_nearest(cli: Call) -> None:
    finished = cli("bench", "step-chars")

    assert finished.code == 2
    assert finished.err == (
        "error: there is no case 'step-chars'.\n"
        "help: Did you mean 'step-char'? See nextword bench --list.\n"
    )


def test_bench_no_pairs_is_refused(cli: Call) -> None:
    finished = cli("bench", "--pairs", "0")

    assert (finished.code, finished.err) == (2, "error: pairs is 0; it must be at least 1.\n")


@pytest.mark.parametrize(
    ("options", "shown", "name"),
    [
        (("step-char", "layers-gru"), "step-char layers-gru", "CASE"),
        (("--pairs", "0"), "--pairs 0", "--pairs"),
        (("--seconds", "3"), "--seconds 3.0", "--seconds"),
        (("--out", "there", "--json"), "--out there", "--out"),
    ],
)
def test_bench_list_with_what_it_would_ignore_is_refused(
    cli: Call, options: tuple[str, ...], shown: str, name: str
) -> None:
    finished = cli("bench", "--list", *options)

    assert (finished.code, finished.out) == (2, "")
    assert finished.err == (
        f"error: {shown} has no effect with --list, which measures nothing.\n"
        f"help: Leave out --list or {name}.\n"
    )


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.usefixtures("tiny")
def test_bench_measures_a_step_in_processes_of_its_own(cli: Call) -> None:
    finished = cli("bench", "step-tiny", "--pairs", "2", "--json")

    [result] = json.loads(finished.out)["results"]
    assert finished.code == 0, finished.err
    assert result["rows"][-1]["name"] == "torch at its defaults"
    assert result["rows"][-1]["ratio"]["count"] >= 2
