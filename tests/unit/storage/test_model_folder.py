import json
import pickle
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from nextword.base import CheckpointError, FormatError, NextwordError
from nextword.storage import (
    ModelFolder,
    RunFolder,
    load_model_folder,
    resolve_model_folder,
    save_model_folder,
    write_manifest,
)

Names = Callable[[Path], set[str]]


def sample(value: float = 1.0) -> ModelFolder:
    return ModelFolder(
        config={"family": "elman", "hidden_size": 3, "limit": float("inf")},
        tensors={"weight": torch.full((3, 2), value), "counts": torch.arange(4)},
        tokenizer_json='{"kind": "word", "sign": "ß"}',
        card="# Card\n",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model_folder(tmp_path / "model", sample())
    return tmp_path / "model"


def change(folder: Path, name: str, content: bytes) -> None:
    """Change a file as somebody would who also mends the manifest."""
    (folder / name).write_bytes(content)
    write_manifest(folder)


def test_model_folder_round_trip_is_identity(folder: Path) -> None:
    returned = load_model_folder(folder)

    assert returned.config == sample().config
    assert returned.tokenizer_json == sample().tokenizer_json
    assert returned.card == sample().card
    assert returned.tensors.keys() == sample().tensors.keys()
    assert all(torch.equal(returned.tensors[k], v) for k, v in sample().tensors.items())


def test_model_folder_holds_the_five_files(folder: Path, names_in: Names) -> None:
    assert names_in(folder) == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "README.md",
        "MANIFEST.json",
    }
    assert json.loads((folder / "config.json").read_text())["format_version"] == 1


def test_model_folder_weights_are_as_readable_as_the_card(folder: Path) -> None:
    modes = {path.stat().st_mode for path in folder.iterdir()}

    assert len(modes) == 1


def test_save_model_folder_again_replaces(folder: Path) -> None:
    save_model_folder(folder, sample(2.0))

    assert load_model_folder(folder).tensors["weight"][0, 0] == 2.0


def test_save_model_folder_own_format_version_refuses(tmp_path: Path) -> None:
    model_folder = ModelFolder(
        config={"format_version": 7}, tensors={}, tokenizer_json="{}", card=""
    )

    with pytest.raises(CheckpointError, match="the configuration contains format_version"):
        save_model_folder(tmp_path / "model", model_folder)


def test_save_model_folder_unstorable_tensor_leaves_the_earlier_one(
    folder: Path, names_in: Names
) -> None:
    model_folder = ModelFolder(
        config={}, tensors={"weight": torch.zeros(2).to_sparse()}, tokenizer_json="", card=""
    )

    with pytest.raises(CheckpointError, match="no dense values"):
        save_model_folder(folder, model_folder)

    assert load_model_folder(folder).config == sample().config
    assert names_in(folder.parent) == {"model"}


def test_load_model_folder_edited_card_is_given(folder: Path) -> None:
    (folder / "README.md").write_bytes(b"mine \xff")

    assert load_model_folder(folder).card == "mine \ufffd"


def test_load_model_folder_removed_card_is_empty(folder: Path) -> None:
    (folder / "README.md").unlink()

    assert load_model_folder(folder).card == ""


def test_load_model_folder_on_a_device_puts_tensors_there(folder: Path) -> None:
    returned = load_model_folder(folder, device="meta")

    assert {tensor.device.type for tensor in returned.tensors.values()} == {"meta"}


def test_load_model_folder_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no folder .*missing"):
        load_model_folder(tmp_path / "missing")


def test_load_model_folder_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")

    with pytest.raises(FormatError, match="file is a file; a model is a folder"):
        load_model_folder(tmp_path / "file")


def test_load_model_folder_other_folder_lists_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")

    with pytest.raises(
        FormatError,
        match=r"is not a model folder: model\.safetensors, tokenizer\.json, MANIFEST\.json missing",
    ):
        load_model_folder(tmp_path)


def test_load_model_folder_run_folder_points_to_its_model(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")

    with pytest.raises(FormatError, match=r"It is a run folder; its model is .*model"):
        load_model_folder(tmp_path)


def test_load_model_folder_newer_config_says_upgrade(folder: Path) -> None:
    change(folder, "config.json", b'{"format_version": 2}')

    with pytest.raises(
        FormatError, match=r"config\.json was written by a newer nextword \(format 2"
    ):
        load_model_folder(folder)


def test_load_model_folder_damaged_weights_names_the_file(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)

    with pytest.raises(FormatError, match=r"model\.safetensors is damaged: its SHA-256"):
        load_model_folder(folder)


def test_load_model_folder_tokenizer_not_utf8_says_so(folder: Path) -> None:
    change(folder, "tokenizer.json", b"\xff")

    with pytest.raises(FormatError, match=r"tokenizer\.json is not UTF-8"):
        load_model_folder(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_load_model_folder_mutated_file_is_detected(
    folder: Path, damaged_copies: Callable[[bytes, int], list[bytes]], name: str
) -> None:
    for content in damaged_copies((folder / name).read_bytes(), 60):
        (folder / name).write_bytes(content)
        with pytest.raises(FormatError, match="is damaged"):
            load_model_folder(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_load_model_folder_mutation_with_a_new_manifest_is_read_or_refused(
    folder: Path, damaged_copies: Callable[[bytes, int], list[bytes]], name: str
) -> None:
    refused = 0
    for content in damaged_copies((folder / name).read_bytes(), 60):
        change(folder, name, content)
        try:
            load_model_folder(folder)
        except NextwordError:
            refused += 1

    assert refused > 0


class Payload:
    """Unpickling this makes a folder: proof that code ran."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return (Path.mkdir, (self.proof,))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "MANIFEST.json"])
def test_load_model_folder_pickle_is_refused_and_never_run(
    folder: Path, tmp_path: Path, name: str, protocol: int
) -> None:
    payload = pickle.dumps(Payload(tmp_path / "proof"), protocol=protocol)
    (folder / name).write_bytes(payload)
    if name != "MANIFEST.json":
        write_manifest(folder)

    with pytest.raises(FormatError):
        load_model_folder(folder)

    assert not (tmp_path / "proof").exists()


@pytest.mark.parametrize("protocol", range(2, 6))
def test_load_model_folder_torch_pickle_is_refused_and_never_run(
    folder: Path, tmp_path: Path, protocol: int
) -> None:
    torch.save(
        {"weight": Payload(tmp_path / "proof")},
        folder / "model.safetensors",
        pickle_protocol=protocol,
    )
    write_manifest(folder)

    with pytest.raises(FormatError, match="not a valid safetensors file"):
        load_model_folder(folder)

    assert not (tmp_path / "proof").exists()


def test_resolve_model_folder_model_folder_is_itself(folder: Path) -> None:
    assert resolve_model_folder(folder) == folder


def test_resolve_model_folder_run_folder_gives_its_model(folder: Path) -> None:
    RunFolder(folder.parent).write_config("")

    assert resolve_model_folder(folder.parent) == folder


@pytest.mark.parametrize("neighbour", ["model.tmp", ".model.replaced"])
def test_resolve_model_folder_interrupted_replacement_is_recovered(
    folder: Path, neighbour: str
) -> None:
    RunFolder(folder.parent).write_config("")
    folder.rename(folder.with_name(neighbour))

    assert load_model_folder(resolve_model_folder(folder.parent)).card == "# Card\n"


def test_resolve_model_folder_run_without_model_says_so(tmp_path: Path) -> None:
    RunFolder(tmp_path).write_config("")

    with pytest.raises(CheckpointError, match=r"the run .* has no model yet") as caught:
        resolve_model_folder(tmp_path)

    assert "--resume auto" in caught.value.help


def test_resolve_model_folder_other_folder_refuses(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is not a model folder: config"):
        resolve_model_folder(tmp_path)


def test_resolve_model_folder_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no folder"):
        resolve_model_folder(tmp_path / "missing")


def test_load_model_folder_header_of_random_bytes_is_refused_quickly(folder: Path) -> None:
    generator = random.Random(0)
    for _ in range(50):
        length = generator.choice([0, 7, 8, 2**20, 2**40, 2**63])
        change(folder, "model.safetensors", length.to_bytes(8, "little") + generator.randbytes(100))
        with pytest.raises(FormatError, match="not a valid safetensors file"):
            load_model_folder(folder)


def test_load_model_folder_while_it_is_replaced_is_always_whole(folder: Path) -> None:
    def read(_: int) -> bool:
        returned = load_model_folder(folder)
        return returned.card == f"{returned.tensors['weight'][0, 0]:g}"

    save_model_folder(folder, replace(sample(0.0), card="0"))
    with ThreadPoolExecutor(max_workers=2) as readers:
        results = [readers.submit(read, number) for number in range(200)]
        for number in range(1, 1000):
            save_model_folder(folder, replace(sample(float(number)), card=f"{number}"))
            if all(result.done() for result in results):
                break

    assert all(result.result() for result in results)
