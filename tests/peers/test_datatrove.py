"""The filter for datatrove, in its own pipeline and beside its own perplexity."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

import nextword.kenlm
from fakes import random_text
from nextword.base import ConfigError
from nextword.interop.datatrove import PerplexityFilter

pytestmark = pytest.mark.peer
data = pytest.importorskip("datatrove.data", reason="datatrove is not installed; make peers")

TEXTS = [random_text(n % 4 + 1, seed=n, num_words=5) for n in range(12)]


@pytest.fixture
def arpa(tmp_path: Path) -> Path:
    lines = random_text(60, seed=50, num_words=5).splitlines()
    nextword.kenlm.train(lines, order=3, out=tmp_path / "model.arpa")
    return tmp_path / "model.arpa"


def documents() -> list[Any]:
    return [data.Document(text=text, id=str(n)) for n, text in enumerate(TEXTS)]


def test_perplexity_is_that_of_datatrove(arpa: Path) -> None:
    kenlm = pytest.importorskip("kenlm", reason="the kenlm module is not installed; make peers")
    module = importlib.import_module("datatrove.utils.perplexity")
    # Its normalization and its sentence pieces are left out: they need a download.
    own = module.KenlmModel.__new__(module.KenlmModel)
    own._model, own._tokenizer = kenlm.Model(str(arpa)), lambda text: text
    step = PerplexityFilter(arpa, (2, 4))

    for doc in documents():
        step.filter(doc)
        lines = doc.text.split("\n")
        score = sum(own.model.score(line) for line in lines)
        expected = own.pp(score, sum(len(line.split()) + 1 for line in lines))
        assert doc.metadata["perplexity"] == pytest.approx(expected, abs=0.051)


def test_pipeline_keeps_and_annotates_documents(arpa: Path, tmp_path: Path) -> None:
    pytest.importorskip("orjson", reason="the writers of datatrove need orjson; make peers")
    executor = importlib.import_module("datatrove.executor").LocalPipelineExecutor
    writers = importlib.import_module("datatrove.pipeline.writers.jsonl").JsonlWriter
    values = sorted(nextword.kenlm.Model(arpa).document_perplexity(text) for text in TEXTS)
    thresholds = (values[4], values[8])
    excluded = writers(str(tmp_path / "excluded"), compression=None)

    executor(
        pipeline=[
            documents(),
            PerplexityFilter(arpa, thresholds, exclusion_writer=excluded, batch_size=5),
            writers(str(tmp_path / "kept"), compression=None),
        ],
        logging_dir=str(tmp_path / "logs"),
    ).run()

    def records(folder: str) -> list[dict[str, Any]]:
        paths = sorted((tmp_path / folder).rglob("*.jsonl"))
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]

    kept, others = records("kept"), records("excluded")
    assert {each["metadata"]["bucket"] for each in kept} == {"head", "middle"}
    assert {each["metadata"]["bucket"] for each in others} == {"tail"}
    assert sorted(each["text"] for each in kept + others) == sorted(TEXTS)


def test_wrong_settings_are_refused(arpa: Path) -> None:
    with pytest.raises(ConfigError, match="there is no bucket 'heads'"):
        PerplexityFilter(arpa, (1, 2), keep=["heads"])
