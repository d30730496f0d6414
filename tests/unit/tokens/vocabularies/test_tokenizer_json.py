import json
from collections.abc import Callable
from typing import Any

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import FormatError
from nextword.tokens import (
    Tokenizer,
    TokenizerConfig,
    TokenizerKind,
    VocabularyTokenizer,
    train_tokenizer,
)
from nextword.tokens.vocabularies.tokenizer_json import read_vocabulary

TEXT = "the students opened the books\ncafé 😀 the books\n" * 2
CONFIGS = {
    "open": TokenizerConfig(),
    "closed": TokenizerConfig(closed=True),
    "character": TokenizerConfig(kind="character"),
    "byte": TokenizerConfig(kind="byte"),
    "bpe": TokenizerConfig(kind="bpe", vocab_size=270),
    "backward words": TokenizerConfig(direction="backward"),
    "backward bytes": TokenizerConfig(kind="byte", direction="backward"),
}
TOKENIZERS = {name: train_tokenizer(config, [TEXT]) for name, config in CONFIGS.items()}
NAMES = pytest.mark.parametrize("name", TOKENIZERS)


def changed(name: str, change: Callable[[dict[str, Any]], object]) -> str:
    content = json.loads(TOKENIZERS[name].to_json())
    change(content)
    return json.dumps(content)


def adding(token: str) -> Callable[[dict[str, Any]], object]:
    def change(content: dict[str, Any]) -> None:
        vocab = content["model"]["vocab"]
        vocab[token] = len(vocab)

    return change


def assert_same(found: Tokenizer, expected: Tokenizer) -> None:
    assert found.description == expected.description
    assert found.fingerprint == expected.fingerprint
    assert found.to_json() == expected.to_json()
    assert found.encode(TEXT).ids.tolist() == expected.encode(TEXT).ids.tolist()


@NAMES
def test_read_vocabulary_of_written_tokenizer_gives_it_back(name: str) -> None:
    assert_same(VocabularyTokenizer.from_json(TOKENIZERS[name].to_json()), TOKENIZERS[name])


@NAMES
def test_read_vocabulary_survives_saving_by_hugging_face(name: str) -> None:
    other = tokenizers.Tokenizer.from_str(TOKENIZERS[name].to_json())
    other.add_special_tokens(["<s>", "</s>"])
    other.enable_padding()

    assert_same(VocabularyTokenizer.from_json(other.to_str()), TOKENIZERS[name])


@NAMES
def test_read_vocabulary_passes_over_keys_of_other_versions(name: str) -> None:
    def change(content: dict[str, Any]) -> None:
        content["pre_tokenizer"]["of_tomorrow"] = 1
        content["model"].pop("fuse_unk", None)

    assert_same(VocabularyTokenizer.from_json(changed(name, change)), TOKENIZERS[name])


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("open", lambda c: c.pop("model"), "it has no model"),
        ("open", lambda c: c.update(normalizer=None), "its components are not"),
        (
            "byte",
            lambda c: c.update(pre_tokenizer={"type": "Whitespace"}),
            "its components are not",
        ),
        ("open", lambda c: c["model"].update(vocab=["the"]), "not a table from token to id"),
        ("open", lambda c: c["model"]["vocab"].update(the=4.0), "not a table from token to id"),
        ("open", lambda c: c["model"]["vocab"].update(the=99), "ids are not 0, 1, 2"),
        ("open", lambda c: c["model"]["vocab"].update({"<s>": 3, "</s>": 2}), "first tokens are"),
        ("open", lambda c: c["model"].update(merges=[["a", "b"]]), "word tokenizer has none"),
        ("bpe", lambda c: c["model"].update(merges=["a b"]), "merges are not pairs"),
        ("bpe", lambda c: c["model"]["merges"].append(["q", "z"]), "merge of 'q' and 'z'"),
        ("bpe", lambda c: c["model"]["merges"].append(c["model"]["merges"][0]), "merge twice"),
        ("bpe", adding(" "), "not that of a bpe tokenizer"),
        ("byte", adding("ab"), "not that of a byte tokenizer"),
        ("open", adding("a b"), "not that of a word tokenizer"),
        ("open", adding("a\ud800"), "not that of a word tokenizer"),
        ("character", adding("ab"), "of a character tokenizer"),
    ],
)
def test_read_vocabulary_contradiction_is_refused(
    name: str, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    text = changed(name, change)

    with pytest.raises(FormatError, match=f"the tokenizer cannot be read: .*{message}"):
        read_vocabulary(text)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[1]", '"x"'])
def test_read_vocabulary_text_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="it is not"):
        read_vocabulary(text)


@given(data=st.data(), name=st.sampled_from(sorted(TOKENIZERS)))
def test_read_vocabulary_mutated_text_is_refused_or_sound(data: st.DataObject, name: str) -> None:
    text = TOKENIZERS[name].to_json()
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 40))
    mutated = text[:start] + data.draw(st.text(max_size=5)) + text[start + length :]

    try:
        tokenizer = VocabularyTokenizer.from_json(mutated)
    except FormatError:
        return

    assert tokenizer.encode(TEXT).ids.max() < tokenizer.vocab_size


@pytest.mark.parametrize("kind", ["word", "character", "bpe"])
@given(text=st.text(min_size=1))
def test_read_vocabulary_any_learned_vocabulary_comes_back(kind: TokenizerKind, text: str) -> None:
    config = TokenizerConfig(kind=kind, min_count=None if kind == "bpe" else 1)
    tokenizer = train_tokenizer(config, [text])

    assert VocabularyTokenizer.from_json(tokenizer.to_json()).fingerprint == tokenizer.fingerprint
