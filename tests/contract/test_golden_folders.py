"""Model folders of every released format: whatever changes, they load and predict what they did."""

import json
from pathlib import Path

import pytest

from golden.make_model_folders import GOLDEN, token_log_probs

FOLDERS = sorted(path.parent for path in GOLDEN.glob("*/*/MANIFEST.json"))


def test_golden_folders_hold_three_kinds_of_format_1() -> None:
    assert {path.name for path in FOLDERS if path.parent.name == "format-1"} == {
        "lstm",
        "ngram",
        "transformer",
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_golden_folder_predicts_what_it_did(folder: Path) -> None:
    expected = json.loads(folder.with_suffix(".json").read_text(encoding="utf-8"))

    assert token_log_probs(folder) == pytest.approx(expected["log_probs"], rel=1e-6, abs=1e-6)
