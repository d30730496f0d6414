"""Backward tokenizers: each line reversed, its end last, and nothing else changed."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.base import DataError, FormatError, VocabularyError
from nextword.text import Corpus, Document
from nextword.tokens import (
    TokenizerConfig,
    TokenizerKind,
    VocabularyTokenizer,
    build_store,
    train_tokenizer,
)

TRAINING_TEXT = "the students opened the books  \ncafé 😀 naïve\n\n<unk> 😀 \t\n" * 2
SIZES: dict[TokenizerKind, int | None] = {"word": None, "character": None, "byte": None, "bpe": 290}
FORWARD = {
    kind: train_tokenizer(TokenizerConfig(kind=kind, vocab_size=size), [TRAINING_TEXT])
    for kind, size in SIZES.items()
}
BACKWARD = {
    kind: train_tokenizer(
        TokenizerConfig(kind=kind, vocab_size=size, direction="backward"), [TRAINING_TEXT]
    )
    for kind, size in SIZES.items()
}
KINDS = pytest.mark.parametrize("kind", FORWARD)
#: Texts with line ends, unknown words, blanks that BPE joins with a line end, and raw bytes.
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(["\n", "\r\n", "the ", "students", " ", "  \n", "😀", "\udcff", "\udcc3"]),
        st.text(max_size=5),
    )
).map("".join)


def reversed_by_hand(ids: list[int], line_end_ids: np.ndarray) -> list[int]:
    found: list[int] = []
    line: list[int] = []
    for token_id in ids:
        if token_id in line_end_ids:
            found += [*reversed(line), token_id]
            line = []
        else:
            line.append(token_id)
    return [*found, *reversed(line)]


@KINDS
@settings(max_examples=40)
@given(text=TEXTS)
def test_encode_backward_reverses_the_tokens_of_each_line(kind: TokenizerKind, text: str) -> None:
    forward, backward = FORWARD[kind].encode(text), BACKWARD[kind].encode(text)
    ends = FORWARD[kind].line_end_ids

    assert backward.ids.tolist() == reversed_by_hand(forward.ids.tolist(), ends)
    assert backward.num_characters_lost == forward.num_characters_lost


@KINDS
@settings(max_examples=40)
@given(text=TEXTS)
def test_decode_backward_restores_the_reading_order(kind: TokenizerKind, text: str) -> None:
    forward, backward = FORWARD[kind], BACKWARD[kind]

    assert backward.decode(backward.encode(text).ids) == forward.decode(forward.encode(text).ids)
    assert backward.count_lost(text) == forward.count_lost(text)


@settings(max_examples=40)
@given(text=TEXTS)
def test_decode_backward_bytes_is_exactly_the_text(text: str) -> None:
    tokenizer = BACKWARD["byte"]

    assert tokenizer.decode(tokenizer.encode(text).ids).encode("utf-8", "surrogateescape") == (
        text.encode("utf-8", "surrogateescape")
    )


@KINDS
@settings(max_examples=40)
@given(text=TEXTS)
def test_encode_backward_in_lines_gives_the_same_ids(kind: TokenizerKind, text: str) -> None:
    tokenizer = BACKWARD[kind]
    lines = re.findall(r".*\n|.+", text)

    parts = [tokenizer.encode(line).ids.tolist() for line in lines]

    assert list(itertools.chain(*parts)) == tokenizer.encode(text).ids.tolist()


def test_encode_backward_marks_the_unknown_words_at_their_new_positions() -> None:
    encoding = BACKWARD["word"].encode("zebra opened the\nthe bucks\n")

    assert encoding.unknown.tolist() == [False, False, True, False, True, False, False]


def test_encode_backward_words_ends_each_line_with_its_end() -> None:
    tokenizer = BACKWARD["word"]

    ids = tokenizer.encode("the books\nopened the").ids.tolist()
    texts = [tokenizer.token_text(token_id) for token_id in ids]

    assert texts == ["books", "the", "</s>", "the", "opened"]


def test_stream_decoder_backward_returns_a_line_when_it_is_complete() -> None:
    tokenizer = BACKWARD["word"]
    decoder = tokenizer.stream_decoder()

    pieces = [decoder.feed(each) for each in tokenizer.encode("the books\nopened the").ids.tolist()]

    assert [*pieces, decoder.flush()] == ["", "", "the books\n", "", "", "opened the"]
    assert decoder.flush() == ""


@pytest.mark.parametrize("token_id", [-1, 10_000])
@KINDS
def test_stream_decoder_backward_refuses_an_unknown_id_at_once(
    kind: TokenizerKind, token_id: int
) -> None:
    with pytest.raises(VocabularyError, match=f"there is no token {token_id}"):
        BACKWARD[kind].stream_decoder().feed(token_id)


@KINDS
def test_tokenizer_backward_has_the_vocabulary_and_another_fingerprint(
    kind: TokenizerKind,
) -> None:
    forward, backward = FORWARD[kind], BACKWARD[kind]

    assert backward.vocab_size == forward.vocab_size
    assert backward.is_backward
    assert not forward.is_backward
    assert backward.fingerprint != forward.fingerprint
    assert backward.as_forward().fingerprint == forward.fingerprint
    assert forward.as_forward() is forward
    assert backward.description.endswith(", backward)")


@KINDS
def test_from_json_keeps_the_direction(kind: TokenizerKind) -> None:
    loaded = VocabularyTokenizer.from_json(BACKWARD[kind].to_json())

    assert loaded.is_backward
    assert loaded.fingerprint == BACKWARD[kind].fingerprint


def test_from_json_with_another_direction_is_refused() -> None:
    text = BACKWARD["byte"].to_json().replace("nextword: backward", "nextword: sideways")

    with pytest.raises(FormatError, match="its components are not those of a nextword tokenizer"):
        VocabularyTokenizer.from_json(text)


def test_with_words_keeps_the_direction() -> None:
    assert BACKWARD["word"].with_words(["zebra"]).is_backward


def corpus_of(*pieces: str) -> Corpus:
    document = Document(name="made.txt", open_pieces=lambda: iter(pieces))
    return Corpus(description="made", open_documents=lambda: iter([document]))


@KINDS
def test_build_store_backward_has_the_counts_and_hash_of_the_text(kind: TokenizerKind) -> None:
    pieces = ("the zebra opened\ncafé 😀\n", "the books")

    forward = build_store(corpus_of(*pieces), FORWARD[kind], folder=None)
    backward = build_store(corpus_of(*pieces), BACKWARD[kind], folder=None)

    assert (backward.counts, backward.text_sha256) == (forward.counts, forward.text_sha256)
    assert (backward.num_tokens, backward.num_unknown) == (forward.num_tokens, forward.num_unknown)
    assert backward.ids.tolist() == reversed_by_hand(
        forward.ids.tolist(), FORWARD[kind].line_end_ids
    )


@KINDS
def test_build_store_backward_line_in_several_pieces_is_refused(kind: TokenizerKind) -> None:
    corpus = corpus_of("the books\n", "the students", " opened\n")

    with pytest.raises(DataError, match=r"made\.txt, line 2: the line has more than 16,777,216"):
        build_store(corpus, BACKWARD[kind], folder=None)
