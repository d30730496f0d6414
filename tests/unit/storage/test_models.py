"""What `load_model` makes of a path, and where the tensors of a model lie."""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from fakes import random_text, store_of, tokenizer_of
from nextword.base import CheckpointError, ConfigError, FormatError
from nextword.families import NgramConfig, NgramLanguageModel, train_ngram
from nextword.storage import StoredModel, load_model, save_model, write_arpa_file, write_manifest

TEXT = random_text(300, seed=4)
TOKENIZER = tokenizer_of(TEXT)
CONFIG = {"model": {"family": "ngram"}}


def trained(order: int = 3) -> NgramLanguageModel:
    return train_ngram(store_of(TOKENIZER, TEXT), TOKENIZER, config=NgramConfig(order=order))


def save(folder: Path, model: NgramLanguageModel) -> None:
    save_model(folder, model, config=CONFIG, tokenizer=TOKENIZER, card="# Card\n")


def load(path: Path) -> StoredModel:
    return load_model(path)


def arrays_of(stored: StoredModel) -> Mapping[str, np.ndarray]:
    assert isinstance(stored.model, NgramLanguageModel)
    return stored.model.tables.arrays()


def file_behind(values: np.ndarray) -> str:
    """The file that the memory of an array is mapped from, as the system names it; else empty."""
    address = values.__array_interface__["data"][0]
    for line in Path("/proc/self/maps").read_text().splitlines():
        bounds, _, _, _, _, *name = line.split(maxsplit=5)
        begin, end = (int(bound, 16) for bound in bounds.split("-"))
        if begin <= address < end:
            return name[0] if name else ""
    raise AssertionError("the array lies nowhere")


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/maps")


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz", "MODEL.ARPA", "old.lm", "words"])
def test_load_model_arpa_file_is_a_model(name: str, tmp_path: Path) -> None:
    model = trained()
    write_arpa_file(tmp_path / name, model, tokenizer=TOKENIZER)

    stored = load(tmp_path / name)

    assert stored.model.fingerprint() == model.fingerprint()
    assert stored.path == tmp_path / name
    assert stored.config == {"model": {"family": "ngram", "order": 3}}
    assert stored.card == ""


def test_load_model_folder_named_like_an_arpa_file_is_a_folder(tmp_path: Path) -> None:
    save(tmp_path / "mine.arpa", trained())

    assert load(tmp_path / "mine.arpa").card == "# Card\n"


def test_load_model_other_file_says_what_a_model_is(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("words\n")

    with pytest.raises(FormatError, match="so it is not an ARPA file") as refusal:
        load(tmp_path / "text.txt")

    assert "or name a model folder" in refusal.value.help


def test_load_model_encoding_of_a_folder_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "model", trained())

    with pytest.raises(ConfigError, match=r"an encoding .* is only used for ARPA files"):
        load_model(tmp_path / "model", encoding="latin-1")


def test_load_model_missing_file_is_called_a_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no file .*missing\.arpa"):
        load(tmp_path / "missing.arpa")


@linux_only
def test_load_model_ngram_tables_stay_in_their_file(tmp_path: Path) -> None:
    save(tmp_path / "model", trained())

    stored = load(tmp_path / "model")

    weights = str((tmp_path / "model" / "model.safetensors").resolve())
    assert {file_behind(values) for values in arrays_of(stored).values()} == {weights}


@linux_only
def test_file_behind_a_copy_is_none(tmp_path: Path) -> None:
    save(tmp_path / "model", trained())

    copies = [values.copy() for values in arrays_of(load(tmp_path / "model")).values()]

    assert not any("safetensors" in file_behind(values) for values in copies)


def test_load_model_folder_replaced_under_a_mapped_model_does_no_harm(tmp_path: Path) -> None:
    first, second = trained(3), trained(2)
    save(tmp_path / "model", first)
    stored = load(tmp_path / "model")

    save(tmp_path / "model", second)

    for name, values in arrays_of(stored).items():
        np.testing.assert_array_equal(values, first.tables.arrays()[name])
    assert load(tmp_path / "model").model.fingerprint() == second.fingerprint()


def test_save_model_mapped_model_over_its_own_folder_keeps_it(tmp_path: Path) -> None:
    save(tmp_path / "model", trained())
    stored = load(tmp_path / "model")
    assert isinstance(stored.model, NgramLanguageModel)

    save(tmp_path / "model", stored.model)

    assert load(tmp_path / "model").model.fingerprint() == trained().fingerprint()


GOLDEN_FORMAT_1 = Path(__file__).parents[2] / "golden" / "models" / "format-1"


def changed_copy(kind: str, folder: Path, section: str, values: object) -> Path:
    """Copy a golden model, with other settings and a manifest that vouches for them."""
    shutil.copytree(GOLDEN_FORMAT_1 / kind, folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    old = config.get(section)
    config[section] = {**old, **values} if isinstance(values, dict) else values
    path.write_text(json.dumps(config))
    write_manifest(folder)
    return folder


@pytest.mark.parametrize(
    ("kind", "section", "values", "message"),
    [
        ("lstm", "model", {"num_layers": 2**63}, "num_layers is 9223372036854775808; it must be"),
        ("transformer", "model", {"num_layers": 100_000}, "num_layers is 100000; it must be"),
        ("lstm", "model", {"num_layers": 900}, r"model\.safetensors does not fit .*core\.cells\.1"),
        (
            "lstm",
            "model",
            {"hidden_size": 10**6, "embedding_size": 10**6},
            r"has shape \(\d+, 12\), the configuration asks for \(\d+, 1000000\)",
        ),
        ("lstm", "model", {"hidden_size": 2**62, "tied": False}, "the model cannot be built"),
        (
            "transformer",
            "model",
            {"context_size": 10**12},
            r"has shape \(2, 8\), the configuration asks for \(2, 1000000000000\)",
        ),
        ("lstm", "training", {"reset": "paragraph"}, r"has the training\.reset 'paragraph'"),
        ("ngram", "training", {"reset": ["line"]}, r"has the training\.reset \['line'\]"),
        ("lstm", "training", None, "has None as training; expected a section"),
        ("ngram", "model", [1], r"has \[1\] as model; expected a section"),
    ],
)
def test_load_model_of_an_impossible_configuration_is_refused(
    kind: str, section: str, values: object, message: str, tmp_path: Path
) -> None:
    folder = changed_copy(kind, tmp_path / "model", section, values)

    with pytest.raises(CheckpointError, match=message):
        load(folder)
