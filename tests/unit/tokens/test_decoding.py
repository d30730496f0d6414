from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import VocabularyError
from nextword.tokens import TokenizerConfig, train_tokenizer

TRAINING_TEXT = "the students opened the books\ncafé 😀 naïve 😀\n<s> html </s>\n" * 2
TOKENIZERS = {
    "word": train_tokenizer(TokenizerConfig(markers="skip"), [TRAINING_TEXT]),
    "character": train_tokenizer(TokenizerConfig(kind="character"), [TRAINING_TEXT]),
    "byte": train_tokenizer(TokenizerConfig(kind="byte"), []),
    "bpe": train_tokenizer(TokenizerConfig(kind="bpe", vocab_size=280), [TRAINING_TEXT]),
}
NAMES = pytest.mark.parametrize("name", TOKENIZERS)
KNOWN_TEXTS = st.text(alphabet=sorted(set(TRAINING_TEXT)))


@pytest.mark.parametrize("name", ["character", "byte", "bpe"])
@given(text=KNOWN_TEXTS)
def test_decode_encoded_text_is_the_text(name: str, text: str) -> None:
    tokenizer = TOKENIZERS[name]

    assert tokenizer.decode(tokenizer.encode(text).ids) == text


@pytest.mark.parametrize("name", ["byte", "bpe"])
@given(text=st.text())
def test_decode_encoded_text_of_any_characters_is_the_text(name: str, text: str) -> None:
    tokenizer = TOKENIZERS[name]

    assert tokenizer.decode(tokenizer.encode(text).ids) == text


@NAMES
@given(data=st.data())
def test_stream_decoder_pieces_joined_are_the_decoded_whole(name: str, data: st.DataObject) -> None:
    tokenizer = TOKENIZERS[name]
    ids: Sequence[int] = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1)))

    decoder = tokenizer.stream_decoder()
    pieces = [decoder.feed(token_id) for token_id in ids]

    assert "".join([*pieces, decoder.flush()]) == tokenizer.decode(ids)


@pytest.mark.parametrize("kind", ["byte", "bpe"])
@given(data=st.lists(st.integers(0, 255)).map(bytes))
def test_decode_bytes_that_are_no_text_follows_the_kind(kind: str, data: bytes) -> None:
    tokenizer = TOKENIZERS[kind]
    ids = tokenizer.encode(data.decode("utf-8", errors="surrogateescape")).ids
    errors = {"byte": "surrogateescape", "bpe": "replace"}[kind]

    assert tokenizer.decode(ids) == data.decode("utf-8", errors=errors)


def test_stream_decoder_holds_half_a_character_back() -> None:
    tokenizer = TOKENIZERS["byte"]
    decoder = tokenizer.stream_decoder()

    pieces = [decoder.feed(token_id) for token_id in tokenizer.encode("é!").ids.tolist()]

    assert pieces == ["", "é", "!"]


def test_stream_decoder_flush_gives_what_was_held_back() -> None:
    decoder = TOKENIZERS["bpe"].stream_decoder()
    first_byte = TOKENIZERS["bpe"].id_of("<0xF0>")

    assert decoder.feed(first_byte) == ""
    assert decoder.flush() == "\ufffd"


def test_stream_decoder_words_after_flush_start_a_new_line() -> None:
    tokenizer = TOKENIZERS["word"]
    decoder = tokenizer.stream_decoder()
    the = tokenizer.id_of("the")

    pieces = [decoder.feed(the), decoder.feed(the), decoder.flush(), decoder.feed(the)]

    assert pieces == ["the", " the", "", "the"]


def test_decode_words_puts_no_blank_around_line_ends() -> None:
    tokenizer = TOKENIZERS["word"]
    text = "the students\n\nopened the books\n"

    assert tokenizer.decode(tokenizer.encode(text).ids) == text


@pytest.mark.parametrize(
    ("name", "expected"),
    [("word", "<unk>\n"), ("character", "<unk>"), ("byte", "<unk>"), ("bpe", "<unk>")],
)
def test_decode_special_tokens_print_nothing_but_unknown(name: str, expected: str) -> None:
    assert TOKENIZERS[name].decode([0, 1, 2, 3]) == expected


@NAMES
@pytest.mark.parametrize("token_id", [-1, 10_000])
def test_decode_id_outside_the_vocabulary_is_refused(name: str, token_id: int) -> None:
    last = TOKENIZERS[name].vocab_size - 1

    with pytest.raises(VocabularyError, match=f"no token {token_id}: .* holds ids 0 to {last}"):
        TOKENIZERS[name].decode([token_id])
