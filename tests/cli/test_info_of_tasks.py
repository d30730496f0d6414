"""`nextword info` of models of tasks."""

import json
import random
import re
from pathlib import Path

import pytest

from cli.caller import Call
from nextword.tasks.storing import save_task
from tagging import name_sentence, small_tagger

CARD = "# names\n\n```text\nspan F1  90.00 %\n```\n"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    generator = random.Random(0)
    tagger = small_tagger([name_sentence(generator) for _ in range(9)])
    save_task(tmp_path / "model", tagger.parts.stored(tagger.model, config={}, card=CARD))
    return tmp_path / "model"


def test_info_describes_a_tagger(cli: Call, model: Path) -> None:
    shown = cli("info", model)

    assert shown.err == ""
    assert re.search(r"^labels +3: I-LOC, I-PER, O$", shown.out, re.MULTILINE)
    assert "span F1  90.00 %" in shown.out
    assert "[encoder]" in shown.out


def test_info_json_describes_a_tagger(cli: Call, model: Path) -> None:
    shown = cli("info", model, "--json")

    assert shown.err == ""
    values = json.loads(shown.out)
    assert values["task"] == "tagging"
    assert values["labels"] == ["I-LOC", "I-PER", "O"]
    assert values["scores"] == ["span F1  90.00 %\n"]
    assert values["settings"]["encoder"]["hidden_size"] == 6
    assert values["num_parameters"] > 0
    assert {file["name"] for file in values["files"]} >= {"config.json", "model.safetensors"}


def test_info_of_a_tagger_refuses_an_encoding(cli: Call, model: Path) -> None:
    done = cli("info", model, "--encoding", "latin-1")

    assert done.code == 2
    assert "is only used for ARPA files" in done.err
