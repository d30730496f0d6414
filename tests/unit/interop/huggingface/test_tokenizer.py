"""A tokenizer of Hugging Face behind the interface of ours."""

import numpy as np
import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

import huggingface_models as made
from nextword.base import DataError, VocabularyError
from nextword.interop import HuggingFaceTokenizer


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_huggingface_tokenizer_decodes_what_it_encodes(text: str) -> None:
    tokenizer = made.tokenizer()

    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_huggingface_tokenizer_gives_the_ids_of_its_backend() -> None:
    text = "the cat\n\nthe end"

    ids = made.tokenizer().encode(text).ids

    assert ids.tolist() == made.backend().encode(text, add_special_tokens=False).ids


def test_huggingface_tokenizer_piece_goes_on_after_a_line_end() -> None:
    tokenizer = made.tokenizer()

    ids = tokenizer.encode("a\n\n\nb").ids.tolist()

    assert [tokenizer.token_text(number) for number in ids] == ["a", "\n\n", "\n", "b"]
    assert {tokenizer.token_text(end) for end in tokenizer.line_end_ids.tolist()} == {"\n", "\n\n"}


def test_huggingface_tokenizer_spelling_of_a_special_token_is_ordinary_text() -> None:
    tokenizer = made.tokenizer()

    encoding = tokenizer.encode(made.END)

    assert 0 not in encoding.ids
    assert tokenizer.decode(encoding.ids) == made.END


def test_huggingface_tokenizer_special_and_unused_ids_print_nothing() -> None:
    assert made.tokenizer().decode([0, made.VOCAB_SIZE - 1]) == ""


@pytest.mark.parametrize(
    ("token_id", "text"),
    [(0, made.END), (made.VOCAB_SIZE - 1, f"<unused {made.VOCAB_SIZE - 1}>")],
)
def test_huggingface_tokenizer_shows_a_name_where_there_is_no_text(
    token_id: int, text: str
) -> None:
    assert made.tokenizer().token_text(token_id) == text


def test_huggingface_tokenizer_shows_a_word_with_its_blank() -> None:
    tokenizer = made.tokenizer()

    assert tokenizer.token_text(tokenizer.encode("a the").ids.tolist()[-1]) == " the"


def test_huggingface_tokenizer_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(DataError, match="bytes that are not UTF-8"):
        made.tokenizer().encode("caf\udce9")


@pytest.mark.parametrize("token_id", [-1, made.VOCAB_SIZE])
def test_huggingface_tokenizer_id_it_does_not_have_is_refused(token_id: int) -> None:
    with pytest.raises(VocabularyError, match=f"there is no token {token_id}"):
        made.tokenizer().decode([token_id])


def test_huggingface_decoder_holds_back_a_character_that_lacks_bytes() -> None:
    tokenizer = made.tokenizer()
    decoder = tokenizer.stream_decoder()

    pieces = [decoder.feed(number) for number in tokenizer.encode("né").ids.tolist()]

    assert pieces == ["n", "", "é"]


def test_huggingface_decoder_flush_gives_what_is_left_and_begins_anew() -> None:
    tokenizer = made.tokenizer()
    decoder = tokenizer.stream_decoder()
    [first_byte, _] = tokenizer.encode("é").ids.tolist()

    assert (decoder.feed(first_byte), decoder.flush()) == ("", "\ufffd")
    assert (decoder.feed(tokenizer.encode("a").ids.tolist()[0]), decoder.flush()) == ("a", "")


def test_huggingface_decoder_keeps_blanks_that_begin_a_text_off() -> None:
    """Tokenizers of the Llama kind write blanks before words, but none at the beginning."""
    backend = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({"a": 0, "▁cat": 1, "▁sat": 2, "<s>": 3}, unk_token="a")
    )
    backend.decoder = tokenizers.decoders.Metaspace()
    tokenizer = HuggingFaceTokenizer(backend, vocab_size=4, boundary_id=3, sentence_end_id=3)

    assert tokenizer.decode([1, 2]) == "cat sat"
    assert tokenizer.token_text(1) == " cat"


def test_huggingface_tokenizer_marks_what_it_cannot_spell() -> None:
    backend = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({"<unk>": 0, "a": 1, "<s>": 2}, unk_token="<unk>")
    )
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer = HuggingFaceTokenizer(
        backend, vocab_size=3, boundary_id=2, sentence_end_id=2, unknown_id=0
    )

    encoding = tokenizer.encode("a b a")

    assert np.array_equal(encoding.unknown, [False, True, False])


def test_huggingface_tokenizer_leaves_the_one_it_was_given_alone() -> None:
    backend = made.backend()
    backend.enable_truncation(2)

    tokenizer = HuggingFaceTokenizer(
        backend, vocab_size=made.VOCAB_SIZE, boundary_id=0, sentence_end_id=0
    )

    assert len(tokenizer.encode("a b c d").ids) > 2
    assert len(backend.encode("a b c d").ids) == 2


def test_huggingface_tokenizer_with_a_prefix_of_subwords_has_merged_pairs() -> None:
    ids = {"a": 0, "##b": 1, "ab": 2}
    model = tokenizers.models.BPE(ids, [("a", "##b")], continuing_subword_prefix="##")
    tokenizer = HuggingFaceTokenizer(
        tokenizers.Tokenizer(model), vocab_size=3, boundary_id=0, sentence_end_id=0
    )

    assert tokenizer.merged_pairs() == {2: (0, 1)}
