"""The pages of the course are those of the results beside them."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "docs" / "make_course_pages.py"
RESULTS = REPOSITORY / "docs" / "course" / "results"
LARGEST_PICTURE_BYTES = 60_000


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_course_pages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report() -> dict[str, Any]:
    values: dict[str, Any] = json.loads((RESULTS / "lab.json").read_text(encoding="utf-8"))
    return values


def claim(**changes: Any) -> dict[str, Any]:
    values = {
        "id": "C3",
        "name": "blind-window",
        "statement": "A window is blind.",
        "sources": [{"lecture": "lecture-000", "place": "Windows"}],
        "method": "A word is replaced.",
        "expected": "No change.",
        "verdict": "holds",
        "reason": "It changed by 0 < 1.",
        "passed": True,
        "checks": [{"text": "no change", "passed": True}],
        "figures": {"change": 0.12345678, "lags": [1, 2]},
        "pictures": ["c03.png"],
    }
    return values | changes


def test_pages_of_the_course_equal_their_results() -> None:
    finished = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_results_have_every_claim_and_its_pictures() -> None:
    claims = report()["claims"]

    assert [each["id"] for each in claims] == [f"C{number}" for number in range(1, 26)]
    pictures = {name for each in claims for name in each["pictures"]}
    assert {path.name for path in RESULTS.glob("*.png")} == pictures
    assert all((RESULTS / name).stat().st_size < LARGEST_PICTURE_BYTES for name in pictures)


def test_page_of_a_claim_has_its_parts(script: ModuleType) -> None:
    page = script.claim_page(claim())

    assert page.startswith("# C3: blind window\n\n**Holds.** It changed by 0 \\< 1.")
    assert "- [lecture-000], Windows" in page
    assert "- met: no change" in page
    assert "```{image} results/c03.png" in page
    assert '  "change": 0.123457,\n  "lags": [1, 2]' in page


def test_missed_expectation_is_named(script: ModuleType) -> None:
    missed = claim(passed=False, checks=[{"text": "no change", "passed": False}])

    assert "- missed: no change" in script.claim_page(missed)
    index = script.index_page({**report(), "claims": [missed]})
    assert "| [C3](c03-blind-window.md) | A window is blind. | holds | missed |" in index


def test_new_results_replace_those_of_the_same_claim(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "RESULTS", tmp_path / "results")
    facts = {"seed": 0, "machine": {"torch": "2.8"}}
    for number, claims in enumerate(
        [[claim(), claim(id="C1")], [claim(verdict="does not hold", pictures=[])]]
    ):
        run = tmp_path / str(number)
        (run / "pictures").mkdir(parents=True)
        (run / "pictures" / "c03.png").write_bytes(b"%d" % number)
        (run / "lab.json").write_text(json.dumps({**facts, "claims": claims}), encoding="utf-8")
        script.take_over(run)

    # The second run has no picture of its claim, whatever else is in its folder.
    assert (tmp_path / "results" / "c03.png").read_bytes() == b"0"
    written = json.loads((tmp_path / "results" / "lab.json").read_text(encoding="utf-8"))
    assert [(each["id"], each["verdict"]) for each in written["claims"]] == [
        ("C1", "holds"),
        ("C3", "does not hold"),
    ]


def test_results_of_another_seed_are_not_mixed(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "RESULTS", tmp_path / "results")
    for seed in (0, 1):
        values = {"seed": seed, "machine": {}, "claims": [claim(pictures=[])]}
        (tmp_path / "lab.json").write_text(json.dumps(values), encoding="utf-8")
        if seed == 0:
            script.take_over(tmp_path)

    with pytest.raises(SystemExit, match="another seed"):
        script.take_over(tmp_path)
