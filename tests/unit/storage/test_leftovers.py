from pathlib import Path

import pytest

from nextword.storage import sweep_leftovers, write_manifest

LEFTOVERS = [
    ".config.toml.abcd_123.tmp",
    ".sources.json.abcd_123.tmp",
    ".metrics.jsonl.abcd_123.tmp",
    ".report.html.abcd_123.tmp",
    "plots/.training-curve.png.abcd_123.tmp",
    "tokens/.tokenizer.json.abcd_123.tmp",
    "tokens/train/.ids.bin.abcd_123.tmp",
    "tokens/valid/.unknown.npy.abcd_123.tmp",
    "tokens/train/unknown.tmp",
    "checkpoints/.latest.abcd_123.tmp",
]
KEPT = [
    "config.toml",
    "notes.tmp",
    ".notes.abcd_123.tmp",
    "plots/.mine.png.abcd_123.tmp",
    "ngrams-abcd_123",
    "tokens/train/ids.bin",
    "checkpoints/step-00000001/values.json",
]


def make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("content")


@pytest.mark.parametrize("name", LEFTOVERS)
def test_sweep_removes_a_draft(name: str, tmp_path: Path) -> None:
    make(tmp_path / name)

    assert sweep_leftovers(tmp_path) == [tmp_path / name]
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", KEPT)
def test_sweep_keeps_what_is_no_draft(name: str, tmp_path: Path) -> None:
    make(tmp_path / name)

    assert sweep_leftovers(tmp_path) == []
    assert (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["model.tmp", "checkpoints/step-00000003.tmp", "ngrams-abcd_123"])
def test_sweep_removes_a_half_written_folder(name: str, tmp_path: Path) -> None:
    make(tmp_path / name / "model.safetensors")

    sweep_leftovers(tmp_path)

    assert not (tmp_path / name).exists()


def test_sweep_keeps_a_model_whose_last_rename_is_missing(tmp_path: Path) -> None:
    make(tmp_path / "model.tmp" / "config.json")
    write_manifest(tmp_path / "model.tmp")

    sweep_leftovers(tmp_path)

    assert (tmp_path / "model" / "config.json").exists()
    assert not (tmp_path / "model.tmp").exists()


def test_sweep_removes_a_link_and_not_what_it_names(tmp_path: Path) -> None:
    make(tmp_path / "precious" / "file")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".config.toml.abcd_123.tmp").symlink_to(tmp_path / "precious")

    sweep_leftovers(tmp_path / "run")

    assert (tmp_path / "precious" / "file").exists()


def test_sweep_of_an_empty_run_removes_nothing(tmp_path: Path) -> None:
    assert sweep_leftovers(tmp_path) == []
