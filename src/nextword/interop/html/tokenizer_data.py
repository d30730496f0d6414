"""What the page needs to know of a tokenizer. Knows no models."""

import json
from typing import Any

from nextword.base import ConfigError, Values
from nextword.tokens import (
    LINE_PART_CHARACTERS,
    LONGEST_PRETOKEN_BYTES,
    Tokenizer,
    VocabularyTokenizer,
)

#: Number of pre-tokenizers of byte-pair encoding in files of older versions, which have no limits.
_NUM_PARTS_WITHOUT_LIMITS = 3


def tokenizer_data(tokenizer: Tokenizer) -> Values:
    """Return the description of a tokenizer for the page, as JSON values.

    Args:
        tokenizer: The tokenizer.

    Raises:
        ConfigError: It is not one of nextword's kinds, or reads lines backward.
    """
    if not isinstance(tokenizer, VocabularyTokenizer):
        raise ConfigError(
            f"an HTML page reads text with a tokenizer of kind word, character, byte or bpe; this "
            f"model has {tokenizer!r}.",
            help="Export a model that nextword has trained.",
        )
    if tokenizer.is_backward:
        raise ConfigError(
            "an HTML page predicts what is typed next, but this model reads each line backward.",
            help="Train a model with tokenizer.direction=forward.",
        )
    content = json.loads(tokenizer.to_json())
    vocabulary: dict[str, int] = content["model"]["vocab"]
    return {
        "kind": tokenizer.kind,
        "tokens": sorted(vocabulary, key=vocabulary.__getitem__),
        "boundary_id": tokenizer.boundary_id,
        "banned_ids": list(tokenizer.banned_ids),
        **(_word_data(tokenizer, content) if tokenizer.kind == "word" else {}),
        **(_byte_data(content) if tokenizer.kind in ("byte", "bpe") else {}),
    }


def _word_data(tokenizer: VocabularyTokenizer, content: dict[str, Any]) -> Values:
    splitter = content["pre_tokenizer"]
    data: Values = {
        "closed": tokenizer.has_closed_vocabulary,
        "lowercase": any(each["type"] == "Lowercase" for each in _normalizers(content)),
        # Before the last two come the patterns of the reserved symbols that are removed.
        "removed": [
            each["pattern"]["Regex"]
            for each in _normalizers(content)[:-2]
            if each["type"] == "Replace"
        ],
    }
    # An inverted pattern is that of the words, which are split from punctuation.
    if not splitter["invert"]:
        pattern: str = splitter["pattern"]["Regex"]
        data["separators"] = pattern.removeprefix("[").removesuffix("]+")
    return data


def _normalizers(content: dict[str, Any]) -> list[dict[str, Any]]:
    normalizers: list[dict[str, Any]] = content["normalizer"]["normalizers"]
    return normalizers


def _byte_data(content: dict[str, Any]) -> Values:
    ids = content["model"]["vocab"]
    merges = content["model"].get("merges", [])
    data: Values = {
        "merges": [[ids[first], ids[second], ids[first + second]] for first, second in merges]
    }
    parts = content["pre_tokenizer"].get("pretokenizers", [])
    if len(parts) > _NUM_PARTS_WITHOUT_LIMITS:
        data["line_part"] = LINE_PART_CHARACTERS
        data["longest_part"] = LONGEST_PRETOKEN_BYTES
    return data
