"""Tokenizers that older versions wrote load for ever, with the ids they had."""

import json
from pathlib import Path

import pytest

from nextword.tokens import VocabularyTokenizer

FOLDER = Path(__file__).parents[2] / "golden" / "tokenizers"
EXPECTED = json.loads((FOLDER / "layout-1-expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", EXPECTED["tokenizers"])
def test_load_of_an_older_tokenizer_gives_its_ids_and_fingerprint(name: str) -> None:
    tokenizer = VocabularyTokenizer.load(FOLDER / f"layout-1-{name}.json")

    assert tokenizer.fingerprint == EXPECTED["tokenizers"][name]["fingerprint"]
    assert tokenizer.encode(EXPECTED["text"]).ids.tolist() == EXPECTED["tokenizers"][name]["ids"]
    assert VocabularyTokenizer.from_json(tokenizer.to_json()).fingerprint == tokenizer.fingerprint
