"""Ray Data with two local workers writes the same bytes as one process. Skips without Ray."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import nextword as nw
from fakes import random_text
from nextword.base import DataError

ray = pytest.importorskip("ray", reason="Ray is not installed; make peers")
pytest.importorskip("ray.data")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A local Ray with two processors, whose processes find what this one imports."""
    paths = os.environ.get("PYTHONPATH", "")
    ray.init(num_cpus=2, include_dashboard=False, runtime_env={"env_vars": {"PYTHONPATH": paths}})
    yield
    ray.shutdown()


def test_filter_with_ray_writes_the_same_bytes(cluster: None, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(random_text(200, num_words=12))
    nw.train(str(tmp_path / "text.txt"), out=tmp_path / "ngram", recipe="ngram-5")
    (tmp_path / "shards").mkdir()
    for shard in range(3):
        lines = [
            json.dumps({"text": random_text(3, seed=100 * shard + n, num_words=12)}) + "\n"
            for n in range(30)
        ]
        (tmp_path / "shards" / f"part-{shard}.jsonl").write_text("".join(lines))

    def filtered(out: str, **options: object) -> dict[str, bytes]:
        nw.filter_shards(
            tmp_path / "shards",
            model=tmp_path / "ngram",
            out=tmp_path / out,
            thresholds=(8, 10),
            **options,
        )
        return {path.name: path.read_bytes() for path in (tmp_path / out).glob("part-*")}

    assert filtered("ray", engine="ray", processes=2) == filtered("here")
    with (tmp_path / "shards" / "part-1.jsonl").open("a") as file:
        file.write('{"text": 5}\n')
    with pytest.raises(DataError, match=r"part-1.jsonl:31: the field 'text' is a number"):
        filtered("bad", engine="ray", processes=2)
