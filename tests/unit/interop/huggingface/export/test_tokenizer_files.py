"""The ids and the decoded text of exported tokenizers."""

import random
from typing import Any

import pytest

import nextword as nw
from exported_models import TEXT, tokenized
from fakes import tokenizer_of
from nextword.base import ConfigError, DataError
from nextword.interop import HuggingFaceTokenizer
from nextword.interop.huggingface.export.tokenizer_files import fast_tokenizer

pytest.importorskip("transformers")

SIGNS = "the cat.,!?()-'\n \té<>/s1"
TEXTS = [
    TEXT,
    "",
    "\n\n the  cat\t.\n",
    " <unk> the dog",
    "zzz the\rcat \x0b été",
    "a\u2028b the\u00a0cat",
    "Yes!!! (no) [x] {y}--z \u201cq\u201d it's foo</s>bar </s>x",
]
TOKENIZERS: dict[str, dict[str, Any]] = {
    "word": {"kind": "word"},
    "closed": {"kind": "word", "closed": True},
    "words-split": {"kind": "word", "split": "words"},
    "lower-case": {"kind": "word", "split": "words", "lowercase": True},
    "character": {"kind": "character"},
    "byte": {"kind": "byte"},
    "bpe": {"kind": "bpe", "vocab_size": 300},
}


def decoded(model: nw.Model, ids: list[int]) -> str:
    decoder = model.tokenizer.stream_decoder()
    return "".join(map(decoder.feed, ids)) + decoder.flush()


def texts(num_random: int) -> list[str]:
    generator = random.Random(0)
    return TEXTS + ["".join(generator.choices(SIGNS, k=60)) for _ in range(num_random)]


@pytest.mark.parametrize("name", TOKENIZERS)
def test_ids_and_decoded_text_are_those_of_the_tokenizer(name: str) -> None:
    model = tokenized(**TOKENIZERS[name])
    fast = fast_tokenizer(model.tokenizer)

    for text in texts(100):
        try:
            ids = model.tokenizer.encode(text).ids.tolist()
        except DataError:
            # A reserved symbol, which nextword refuses, is one unknown word.
            continue
        assert fast(text, add_special_tokens=False).input_ids == ids
        assert fast(text).input_ids == [model.tokenizer.boundary_id, *ids]
        if model.tokenizer.unknown_id not in ids:
            assert fast.decode(ids, skip_special_tokens=True) == decoded(model, ids)


def test_reserved_symbols_in_a_text_never_become_special_tokens() -> None:
    fast = fast_tokenizer(tokenized("word").tokenizer)

    assert fast("the <pad> </s> <s> cat", add_special_tokens=False).input_ids[1:4] == [1, 1, 1]


def test_backward_tokenizer_is_refused() -> None:
    tokenizer = tokenized("word", direction="backward").tokenizer

    with pytest.raises(ConfigError, match="reads each line backward"):
        fast_tokenizer(tokenizer)


def test_tokenizer_of_transformers_is_refused() -> None:
    import huggingface_models

    tokenizer = huggingface_models.tokenizer()
    assert isinstance(tokenizer, HuggingFaceTokenizer)

    with pytest.raises(ConfigError, match="no tokenizer of nextword"):
        fast_tokenizer(tokenizer)


def test_batches_are_padded_on_the_left() -> None:
    fast = fast_tokenizer(tokenizer_of("a b c\n" * 9))

    found = fast(["a", "a b c"], padding=True)

    assert found.input_ids[0][:2] == [0, 0]
    assert found.attention_mask[0] == [0, 0, 1, 1]
