"""Loading a model of any kind from its path."""

from pathlib import Path

import pytest

from arpa_files import ARPA
from nextword.base import CheckpointError, ConfigError
from nextword.interop.loading import load_stored

GOLDEN = Path(__file__).resolve().parents[2] / "golden/models/format-1"


def test_folders_and_arpa_files_are_loaded(tmp_path: Path) -> None:
    path = tmp_path / "old.arpa"
    path.write_bytes(ARPA.replace("hus", "blå").encode("latin-1"))

    assert load_stored(GOLDEN / "lstm").model.family == "recurrent"
    assert load_stored(path, encoding="latin-1").tokenizer.id_of("blå") > 3


def test_paths_and_settings_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="only used for ARPA files"):
        load_stored(GOLDEN / "lstm", encoding="latin-1")
    with pytest.raises(CheckpointError, match="absent"):
        load_stored(tmp_path / "absent.arpa")
    with pytest.raises(ConfigError, match="device"):
        load_stored(GOLDEN / "lstm", device="gpu")
