import json
from pathlib import Path

import pytest

from fakes import random_text, store_of, tokenizer_of
from nextword.families import NgramConfig, train_ngram
from nextword.inspection.memory import (
    RecallItem,
    inspect_memory,
    notes,
    table_header,
    table_rows,
    write_memory,
)
from nextword.tokens import TokenizerKind

TEXT = random_text(40, num_words=6)


@pytest.mark.parametrize("kinds", [("word", "word"), ("character", "byte")])
def test_write_memory_writes_pictures_json_and_page(
    kinds: tuple[TokenizerKind, TokenizerKind], tmp_path: Path
) -> None:
    models = {}
    for number, kind in enumerate(kinds):
        tokenizer = tokenizer_of(TEXT, kind=kind)
        store = store_of(tokenizer, TEXT)
        models[f"m{number}"] = (
            train_ngram(store, tokenizer, config=NgramConfig(order=3)),
            tokenizer,
        )
    items = [RecallItem(context="w1 w2 w3", word="w1"), RecallItem(context="w1", word="zebra")]

    result = inspect_memory(models, TEXT, max_distance=12, num_positions=20, items=items)
    report = write_memory(tmp_path, result)

    values = json.loads((tmp_path / "memory.json").read_text(encoding="utf-8"))
    assert [each["model"] for each in values["models"]] == ["m0", "m1"]
    assert "<h2>Memory</h2>" in report.read_text(encoding="utf-8")
    names = {path.name for path in tmp_path.glob("*.png")}
    expected = {"memory-influence.png", "memory-context.png", "memory-recall.png"}
    assert names == expected | ({"memory-completion.png"} if "byte" in kinds else set())
    assert all(len(row) == len(table_header(result)) for row in table_rows(result))
    assert any("half-life" in note for note in notes(result))
    assert any("count as wrong" in note for note in notes(result))
