"""A small n-gram model in a folder, and shards of JSON lines."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes import random_text, store_of, tokenizer_of
from nextword.base import encode
from nextword.families import NgramConfig, train_ngram
from nextword.storage import save_model

Shards = Callable[..., list[Path]]


@pytest.fixture(scope="session")
def ngram_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trigram model of the words w0 ... w29."""
    text = random_text(400, num_words=30)
    tokenizer, config = tokenizer_of(text), NgramConfig(order=3)
    model = train_ngram(store_of(tokenizer, text), tokenizer, config=config)
    folder = tmp_path_factory.mktemp("models") / "ngram"
    save_model(folder, model, config={"model": encode(config)}, tokenizer=tokenizer, card="")
    return folder


@pytest.fixture
def shards(tmp_path: Path) -> Shards:
    """Write shards of so many documents, each of several lines, with a number."""

    def write(*counts: int, suffix: str = ".jsonl") -> list[Path]:
        folder = tmp_path / "shards"
        folder.mkdir(exist_ok=True)
        paths = []
        for shard, count in enumerate(counts):
            records = [
                {"id": f"{shard}-{n}", "text": random_text(1 + n % 5, seed=97 * shard + n)}
                for n in range(count)
            ]
            path = folder / f"part-{shard}{suffix}"
            path.write_text("".join(json.dumps(record) + "\n" for record in records))
            paths.append(path)
        return paths

    return write
