"""Listing and measuring the claims of the course."""

import dataclasses
import json
from pathlib import Path

import pytest

from cli.caller import Call
from nextword.lab import CLAIMS, Check, Finding, Verdict


def test_lab_list_names_every_claim(cli: Call) -> None:
    lines = cli("lab", "list").out.splitlines()

    assert [line.split()[:2] for line in lines] == [[claim.id, claim.name] for claim in CLAIMS]


def test_lab_list_json_has_its_keys(cli: Call) -> None:
    values = json.loads(cli("lab", "list", "--json").out)

    assert list(values) == ["schema", "claims"]
    assert list(values["claims"][0]) == ["id", "name", "statement", "expected"]


def test_lab_run_writes_results_and_pictures(cli: Call, tmp_path: Path) -> None:
    finished = cli("lab", "run", "C6", "chain-rule", "--out", str(tmp_path / "lab"))

    assert finished.code == 0
    assert finished.out.startswith("C5 chain-rule: holds (")
    assert finished.out.endswith("2 claims measured; every expectation is met.\n")
    assert (tmp_path / "lab" / "pictures" / "c06.png").is_file()
    written = json.loads((tmp_path / "lab" / "lab.json").read_text(encoding="utf-8"))
    assert written["schema"] == 1
    assert [claim["id"] for claim in written["claims"]] == ["C5", "C6"]


def test_lab_run_json_is_one_object_that_depends_on_the_seed(cli: Call, tmp_path: Path) -> None:
    def figures(seed: int) -> dict[str, object]:
        values = json.loads(
            cli("lab", "run", "6", "--json", "--out", str(tmp_path), "--seed", str(seed)).out
        )
        assert next(iter(values)) == "schema"
        [claim] = values["claims"]
        assert claim["passed"] is True
        found: dict[str, object] = claim["figures"]
        return found

    assert figures(0) == figures(0) != figures(1)


def test_lab_run_missed_expectation_exits_1(
    cli: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [claim] = [claim for claim in CLAIMS if claim.id == "C5"]
    finding = Finding(
        verdict=Verdict.FAILS,
        reason="It was not so.",
        figures={},
        checks=(Check(text="the three agree to 1e-12", passed=False),),
    )
    changed = dataclasses.replace(claim, measure=lambda _: finding)
    monkeypatch.setattr("nextword.lab.find_claims", lambda _: [changed])

    finished = cli("lab", "run", "C5", "--out", str(tmp_path))

    assert finished.code == 1
    assert "missed: the three agree to 1e-12" in finished.out
    assert "the expectation is missed by C5" in finished.out


def test_lab_run_unknown_claim_is_refused(cli: Call, tmp_path: Path) -> None:
    finished = cli("lab", "run", "C99", "--out", str(tmp_path / "lab"))

    assert finished.code == 2
    assert "there is no claim 'C99'" in finished.err
    assert not (tmp_path / "lab").exists()


def test_lab_run_out_that_is_a_file_is_refused(cli: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    finished = cli("lab", "run", "C5", "--out", str(tmp_path / "file"))

    assert finished.code == 2
    assert "is not a folder" in finished.err
