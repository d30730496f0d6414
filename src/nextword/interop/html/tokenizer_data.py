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
    normalizers = content["normalizer"]["normalizers"]
    # Before the last two come the patterns of the reserved symbols that are removed.
    removed = [each["pattern"]["Regex"] for each in normalizers[:-2]]
    separators: str = content["pre_tokenizer"]["pattern"]["Regex"]
    return {
        "closed": tokenizer.has_closed_vocabulary,
        "separators": separators.removeprefix("[").removesuffix("]+"),
        "removed": removed,
    }


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
