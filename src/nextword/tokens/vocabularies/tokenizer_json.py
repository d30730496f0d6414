"""Read and write `tokenizer.json`; its content is validated before another library reads it.

Knows nothing of paths or of how a text is encoded.
"""

import json
from dataclasses import replace
from typing import Any, get_args

from nextword.base import FormatError
from nextword.tokens.vocabularies.layout import (
    Direction,
    TokenizerKind,
    Vocabulary,
    build,
    byte_alphabet,
)
from nextword.tokens.vocabularies.markers import REMOVED
from nextword.tokens.vocabularies.specials import NUM_SPECIAL_TOKENS, SPECIAL_TOKENS, SURROGATE
from nextword.tokens.vocabularies.word_split import Split
from nextword.tokens.vocabularies.words import word_separators

_PARTS = ("normalizer", "pre_tokenizer", "decoder")
#: One vocabulary for each combination of components, the latest layout first.
_VARIANTS: tuple[Vocabulary, ...] = (
    *(
        Vocabulary(
            kind="word",
            closed=closed,
            markers=markers,
            direction=direction,
            split=split,
            lowercase=lowercase,
            tokens=SPECIAL_TOKENS,
        )
        for split in get_args(Split)
        for lowercase in (False, True)
        for direction in get_args(Direction)
        for closed in (False, True)
        for markers in REMOVED
    ),
    *(
        Vocabulary(kind=kind, direction=direction, tokens=SPECIAL_TOKENS)
        for direction in get_args(Direction)
        for kind in get_args(TokenizerKind)
        if kind != "word"
    ),
    Vocabulary(kind="word", layout=1, tokens=SPECIAL_TOKENS),
    Vocabulary(kind="word", closed=True, layout=1, tokens=SPECIAL_TOKENS),
    Vocabulary(kind="bpe", layout=1, tokens=SPECIAL_TOKENS),
)
_HELP = "Use a tokenizer.json written by nextword, or train the tokenizer again."


def write_vocabulary(vocabulary: Vocabulary) -> str:
    """Return the content of a `tokenizer.json`, which Hugging Face `tokenizers` loads."""
    return build(vocabulary).to_str(pretty=True)


def read_vocabulary(text: str) -> Vocabulary:
    """Read a vocabulary from the content of a `tokenizer.json`.

    Added tokens, padding and truncation, which another program may have written, are ignored.

    Raises:
        FormatError: The content is not JSON, its components are unknown, or its vocabulary and
            merges are inconsistent.
    """
    content = _parse(text)
    variant = _variant_of(content)
    model = content.get("model")
    if not isinstance(model, dict):
        raise _refusal("it has no model")
    tokens = _tokens_in_order(model.get("vocab"))
    merges = _merges(model.get("merges", []))
    found = replace(variant, tokens=tokens, merges=merges)
    _check_tokens(found)
    _check_merges(found)
    return found


def _parse(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refusal(f"it is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise _refusal("it is not a JSON object")
    return content


def _variant_of(content: dict[str, Any]) -> Vocabulary:
    for variant in _VARIANTS:
        expected = json.loads(build(variant).to_str())
        if all(_agrees(content.get(part), expected[part]) for part in _PARTS):
            return variant
    raise _refusal("its components are not those of a nextword tokenizer")


def _agrees(found: Any, expected: Any) -> bool:
    """Compare components; keys that only one version of `tokenizers` has are ignored."""
    if isinstance(expected, dict):
        if not isinstance(found, dict) or found.get("type") != expected.get("type"):
            return False
        return all(_agrees(found[key], expected[key]) for key in found.keys() & expected.keys())
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) == len(expected)
            and all(map(_agrees, found, expected))
        )
    return bool(found == expected)


def _tokens_in_order(vocab: Any) -> tuple[str, ...]:
    if not isinstance(vocab, dict) or not all(type(number) is int for number in vocab.values()):
        raise _refusal("its vocabulary is not a table from token to id")
    tokens = sorted(vocab, key=vocab.__getitem__)
    if sorted(vocab.values()) != list(range(len(tokens))):
        raise _refusal("its ids are not 0, 1, 2 and so on, each once")
    if tuple(tokens[:NUM_SPECIAL_TOKENS]) != SPECIAL_TOKENS:
        raise _refusal(f"its first tokens are not {', '.join(SPECIAL_TOKENS)}")
    return tuple(tokens)


def _merges(merges: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(merges, list) and all(_is_pair(pair) for pair in merges):
        return tuple((first, second) for first, second in merges)
    raise _refusal("its merges are not pairs of tokens")


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)


def _check_tokens(vocabulary: Vocabulary) -> None:
    own = vocabulary.tokens[NUM_SPECIAL_TOKENS:]
    if vocabulary.kind == "byte":
        sound = tuple(own) == byte_alphabet()
    elif vocabulary.kind == "bpe":
        sound = set(byte_alphabet()) == set("".join(own)) and set(byte_alphabet()) <= set(own)
    elif vocabulary.kind == "character":
        sound = all(len(token) == 1 and not SURROGATE.search(token) for token in own)
    else:
        separators = word_separators(vocabulary.layout)
        sound = all(token and not _cannot_be_word(token, separators) for token in own)
    if not sound:
        raise _refusal(f"its vocabulary is not that of a {vocabulary.kind} tokenizer")


def _cannot_be_word(token: str, separators: str) -> bool:
    return any(blank in token for blank in separators) or SURROGATE.search(token) is not None


def _check_merges(vocabulary: Vocabulary) -> None:
    merges = vocabulary.merges
    if vocabulary.kind != "bpe" and merges:
        raise _refusal(f"it has merges, but a {vocabulary.kind} tokenizer has none")
    known = set(vocabulary.tokens[NUM_SPECIAL_TOKENS:])
    for first, second in merges:
        if not {first, second, first + second} <= known:
            raise _refusal(f"the merge of {first!r} and {second!r} is not in its vocabulary")
    if len(set(merges)) != len(merges):
        raise _refusal("it has a merge twice")


def _refusal(reason: str) -> FormatError:
    return FormatError(f"the tokenizer cannot be read: {reason}.", help=_HELP)
