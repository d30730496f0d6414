"""The folder of an exported network, and the example that uses it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer

import nextword as nw
from exported_models import TEXT, network, tokenized
from nextword.base import ConfigError, FormatError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "generate_with_onnxruntime.py"
KINDS: dict[str, dict[str, Any]] = {
    "word": {"kind": "word"},
    "words-split": {"kind": "word", "split": "words"},
    "character": {"kind": "character"},
    "bpe": {"kind": "bpe", "vocab_size": 280},
}


def test_folder_has_the_network_its_tokenizer_and_settings(tmp_path: Path) -> None:
    model = tokenized("word")

    written = nw.export(model, to="onnx", out=tmp_path / "out")

    assert written.details["max_difference"] < 1e-5
    assert not written.details["one_token"]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["config.json", "model.onnx", "tokenizer.json"]
    settings = json.loads((tmp_path / "out" / "config.json").read_text())
    assert settings["boundary_id"] == model.tokenizer.boundary_id
    assert settings["banned_ids"] == [1]
    assert settings["state"]["layer_1.cell_state"] == {"size": 12, "initial": 0.0}
    found = Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    ids = model.tokenizer.encode(TEXT).ids.tolist()
    assert found.encode(TEXT, add_special_tokens=False).ids == ids


def test_learnt_initial_state_is_in_the_settings(tmp_path: Path) -> None:
    model = network(learnt_initial_state=True)

    nw.export(model, to="onnx", out=tmp_path / "out")

    settings = json.loads((tmp_path / "out" / "config.json").read_text())
    expected = model.language_model.initial_state(1).tensors["layer_0.hidden_state"][0]
    found = settings["state"]["layer_0.hidden_state"]["initial"]
    torch.testing.assert_close(torch.tensor(found), expected)


def test_int8_is_smaller_and_its_perplexity_is_measured(tmp_path: Path) -> None:
    model = tokenized("bpe", vocab_size=280)
    text = tmp_path / "text.txt"
    text.write_text(TEXT * 3, encoding="utf-8")

    written = nw.export(model, to="onnx", out=tmp_path / "out", int8=True, texts=str(text))

    assert written.details["perplexity"] == model.perplexity(texts=str(text))
    rounded = written.details["rounded_perplexity"]
    assert rounded != written.details["perplexity"]
    assert rounded == pytest.approx(written.details["perplexity"], rel=0.02)
    sizes = [(tmp_path / "out" / f"model{kind}.onnx").stat().st_size for kind in (".int8", "")]
    assert sizes[0] < 0.7 * sizes[1]
    stored = onnx.load(tmp_path / "out" / "model.int8.onnx").metadata_props
    assert "nextword" in {each.key for each in stored}


def test_texts_without_int8_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="weights of 8 bits, but int8 is false"):
        nw.export(network(), to="onnx", out=tmp_path / "out", texts="text.txt")

    assert list(tmp_path.iterdir()) == []


def test_int8_of_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="int8 is only used for onnx, but the format is html"):
        nw.export(network(), to="html", out=tmp_path / "out.html", int8=True)


def test_weights_that_are_not_finite_are_refused_and_leave_no_folder(tmp_path: Path) -> None:
    model = network()
    with torch.no_grad():
        next(iter(model.language_model.parameters())).fill_(torch.nan)  # type: ignore[attr-defined]

    with pytest.raises(FormatError, match="differ by nan nats"):
        nw.export(model, to="onnx", out=tmp_path / "out")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=() if kind == "word" else pytest.mark.exhaustive) for kind in KINDS],
)
def test_example_writes_the_200_tokens_of_nextword_without_nextword(
    kind: str, tmp_path: Path
) -> None:
    model = tokenized(**KINDS[kind])
    nw.export(model, to="onnx", out=tmp_path / "out")
    arguments = ["--prompt", "the cat", "--temperature", "0", "--max-tokens", "200"]
    for name in ("nextword", "torch"):
        (tmp_path / f"{name}.py").write_text("raise ImportError")

    finished = subprocess.run(
        [sys.executable, str(EXAMPLE), str(tmp_path / "out"), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )

    expected = model.generate("the cat", max_tokens=200, temperature=0)
    assert finished.stdout == f"the cat{expected}\n"


def test_example_has_less_than_60_lines() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 60
