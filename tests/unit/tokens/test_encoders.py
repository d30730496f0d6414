import re

import numpy as np
import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import DataError
from nextword.tokens import Tokenizer, TokenizerConfig, train_tokenizer
from nextword.tokens.encoders import line_parts

TRAINING_TEXT = (
    "the students opened their books\nthe teacher opened the window\n"
    "café 😀 naïve €5 don't 😀\n\n  two  blanks\tand tabs \r\n<s> html </s>\n"
)
CONFIGS = {
    "word": TokenizerConfig(min_count=1, markers="skip"),
    "closed": TokenizerConfig(min_count=1, closed=True, markers="skip"),
    "character": TokenizerConfig(kind="character"),
    "byte": TokenizerConfig(kind="byte"),
    "bpe": TokenizerConfig(kind="bpe", vocab_size=300),
}
TOKENIZERS = {name: train_tokenizer(config, [TRAINING_TEXT]) for name, config in CONFIGS.items()}
REFERENCES = {
    name: tokenizers.Tokenizer.from_str(tokenizer.to_json())
    for name, tokenizer in TOKENIZERS.items()
}

#: Blanks of every sort, literal specials, words known and not, long characters, NUL.
FRAGMENTS = st.sampled_from(
    [
        *" \n\t\v\f\r\u00a0\u2003\u2028\x85\x1c\x00<>/sa",
        *("the", "students", "opened", "zebra", "café", "😀", "€", "don't", "\u0301", "\U0010ffff"),
        *("<s>", "</s>", "<pad>", "<unk>", "<unk", "x<s>", "<s>y", "\n\n", "  ", "1234"),
    ]
)
TEXTS = st.lists(FRAGMENTS, max_size=25).map("".join)

WITHOUT_MARKERS = {
    markers: train_tokenizer(TokenizerConfig(min_count=1, markers=markers), ["the students\n"])
    for markers in ("strip", "skip")
}

NAMES = pytest.mark.parametrize("name", TOKENIZERS)


@NAMES
@given(text=TEXTS)
def test_encode_any_text_equals_the_saved_file_through_hugging_face(name: str, text: str) -> None:
    assert TOKENIZERS[name].encode(text).ids.tolist() == REFERENCES[name].encode(text).ids


@NAMES
def test_encode_training_text_equals_the_saved_file_through_hugging_face(name: str) -> None:
    expected = REFERENCES[name].encode(TRAINING_TEXT).ids

    assert TOKENIZERS[name].encode(TRAINING_TEXT).ids.tolist() == expected


@NAMES
@given(texts=st.lists(TEXTS))
def test_encode_line_by_line_equals_the_whole(name: str, texts: list[str]) -> None:
    tokenizer = TOKENIZERS[name]
    whole = "\n".join(texts)

    pieces = [tokenizer.encode(piece) for piece in re.findall(r"[^\n]*\n|[^\n]+", whole)]

    encoding = tokenizer.encode(whole)
    assert np.array_equal(encoding.ids, np.concatenate([np.zeros(0), *(p.ids for p in pieces)]))
    assert encoding.unknown.sum() == sum(piece.unknown.sum() for piece in pieces)


@NAMES
@given(text=TEXTS)
def test_encode_never_gives_pad_or_sentence_start(name: str, text: str) -> None:
    tokenizer = TOKENIZERS[name]

    assert not np.isin(tokenizer.encode(text).ids, tokenizer.never_ids).any()


@NAMES
def test_encode_empty_text_gives_no_ids(name: str) -> None:
    encoding = TOKENIZERS[name].encode("")

    assert encoding.ids.shape == encoding.unknown.shape == (0,)
    assert encoding.ids.dtype == np.int64
    assert encoding.unknown.dtype == np.bool_


@pytest.mark.parametrize("name", ["word", "closed"])
def test_encode_words_gives_a_sentence_end_for_each_newline(name: str) -> None:
    tokenizer = TOKENIZERS[name]
    the = tokenizer.id_of("the")

    assert tokenizer.encode("the\n\nthe").ids.tolist() == [the, 3, 3, the]


def test_encode_words_no_break_space_is_part_of_a_word() -> None:
    encoding = TOKENIZERS["word"].encode("the\u00a0the")

    assert encoding.ids.tolist() == [1]
    assert encoding.unknown.tolist() == [True]


@pytest.mark.parametrize(
    ("name", "unknown"),
    [("word", [False, True, True, False]), ("closed", [False, False, True, False])],
)
def test_encode_words_literal_unknown_is_ordinary_in_a_closed_text(
    name: str, unknown: list[bool]
) -> None:
    encoding = TOKENIZERS[name].encode("the <unk> zebra\n")

    assert encoding.ids.tolist()[1:3] == [1, 1]
    assert encoding.unknown.tolist() == unknown


@pytest.mark.parametrize("separator", ["\0", "\t", "\r", " "])
def test_encode_words_are_separated_where_lmplz_separates_them(separator: str) -> None:
    the = TOKENIZERS["word"].id_of("the")

    assert TOKENIZERS["word"].encode(f"the{separator}the").ids.tolist() == [the, the]


@pytest.mark.parametrize("sign", ["\v", "\f", "\x1c", "\x85", "\u00a0", "\u2028", "\u3000"])
def test_encode_words_other_blanks_are_part_of_a_word(sign: str) -> None:
    tokenizer = train_tokenizer(TokenizerConfig(min_count=1), [f"the{sign}cat sat\n"])

    assert tokenizer.encode(f"the{sign}cat").ids.tolist() == [tokenizer.id_of(f"the{sign}cat")]


@pytest.mark.parametrize("markers", ["strip", "skip"])
@given(text=TEXTS)
def test_encode_words_without_markers_equals_the_saved_file(markers: str, text: str) -> None:
    tokenizer = WITHOUT_MARKERS[markers]
    reference = tokenizers.Tokenizer.from_str(tokenizer.to_json())
    if markers == "strip":
        text = text.replace("<s>", "<pad>\n<pad>").replace("</s>", "x").replace("<pad>x", "x")
    try:
        ids = tokenizer.encode(text).ids.tolist()
    except DataError:
        return

    assert ids == reference.encode(text).ids


@given(words=st.lists(st.sampled_from(["the", "zebra", "books", "<unk>", "yak", "caf\udce9"])))
def test_encode_words_unknown_marks_what_the_vocabulary_lacks(words: list[str]) -> None:
    encoding = TOKENIZERS["word"].encode(" ".join(words))

    assert encoding.unknown.tolist() == [word not in ("the", "books") for word in words]


def test_encode_characters_outside_the_vocabulary_are_unknown() -> None:
    encoding = TOKENIZERS["character"].encode("aЖ\udcff\ud800a")

    assert encoding.unknown.tolist() == [False, True, True, True, False]
    assert encoding.ids[encoding.unknown].tolist() == [1, 1, 1]


@given(data=st.binary())
def test_encode_bytes_of_any_sort_come_back(data: bytes) -> None:
    tokenizer = TOKENIZERS["byte"]
    text = data.decode("utf-8", errors="surrogateescape")

    ids = tokenizer.encode(text).ids

    assert ids.tolist() == [byte + 4 for byte in data]
    assert tokenizer.decode(ids).encode("utf-8", errors="surrogateescape") == data


@given(data=st.binary())
def test_encode_bpe_carried_bytes_are_shown_as_replacement(data: bytes) -> None:
    tokenizer = TOKENIZERS["bpe"]
    text = data.decode("utf-8", errors="surrogateescape")

    assert tokenizer.decode(tokenizer.encode(text).ids) == data.decode("utf-8", errors="replace")


@pytest.mark.parametrize("name", ["byte", "bpe"])
def test_encode_surrogate_that_is_no_byte_is_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"lone surrogate U\+D800"):
        TOKENIZERS[name].encode("a\ud800")


@NAMES
def test_encode_very_long_line_works(name: str) -> None:
    # Byte-pair encoding takes seconds for 10 MB, and no other road than for 1 MB.
    repeats = 45_000 if name == "bpe" else 450_000
    line = "the students opened \x01 " * repeats

    encoding = TOKENIZERS[name].encode(line)

    assert len(encoding.ids) == len(encoding.unknown) >= 4 * repeats


def test_encode_bpe_many_lines_equal_hugging_face_across_batches() -> None:
    text = TRAINING_TEXT * 1500

    assert TOKENIZERS["bpe"].encode(text).ids.tolist() == REFERENCES["bpe"].encode(text).ids


def test_encode_vocabulary_of_one_word_knows_it_alone() -> None:
    tokenizer: Tokenizer = train_tokenizer(TokenizerConfig(vocab_size=5), ["the the cat cat the\n"])

    assert tokenizer.encode("the cat").ids.tolist() == [4, 1]


def test_encode_bpe_long_lines_equal_hugging_face_across_parts() -> None:
    text = "".join("abcdé 1€"[number % 8] * (number % 7) for number in range(30_000))
    text += "\n" + "x" * 32_768 + "\n" + "y" * 32_769 + "\n\nz"

    assert TOKENIZERS["bpe"].encode(text).ids.tolist() == REFERENCES["bpe"].encode(text).ids


@given(
    lengths=st.lists(st.integers(0, 12) | st.integers(32_760, 32_775) | st.just(65_536), max_size=4)
)
def test_line_parts_are_the_text_cut_at_line_ends_or_whole_parts(lengths: list[int]) -> None:
    text = "\n".join("x" * length for length in lengths)

    parts = list(line_parts(text))

    assert "".join(parts) == text
    assert all(part.endswith("\n") or len(part) == 32_768 for part in parts[:-1])
    assert max(map(len, parts), default=0) <= 32_769
