from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import DataError
from nextword.text import text_document
from nextword.text.documents import decode_blocks


@given(
    data=st.lists(st.sampled_from([b"\n", b"a", b"\xc3\xa9", b"\xff", b"\x00", b"\r"])).map(
        b"".join
    ),
    cuts=st.lists(st.integers(0, 60)),
)
def test_decode_blocks_cut_anywhere_is_lossless_and_ends_pieces_at_newlines(
    data: bytes, cuts: list[int]
) -> None:
    edges = [0, *sorted(cuts), len(data)]
    blocks = [data[low:high] for low, high in pairwise(edges)]

    pieces = list(decode_blocks(blocks, name="text", encoding_errors="surrogateescape"))

    assert "".join(pieces).encode("utf-8", errors="surrogateescape") == data
    assert all(piece.endswith("\n") for piece in pieces[:-1])
    assert all(pieces)


@given(lines=st.lists(st.sampled_from(["a", "é", "€", "\u2028", "\x85"])).map("".join))
def test_decode_blocks_only_newline_ends_a_line(lines: str) -> None:
    blocks = [lines.encode(), b"|", lines.encode(), b"\n"]

    assert list(decode_blocks(blocks, name="text", encoding_errors="strict")) == [
        f"{lines}|{lines}\n"
    ]


def test_decode_blocks_invalid_byte_in_a_later_piece_tells_its_offset() -> None:
    blocks = [b"caf\xc3", b"\xa9\nsecond\n", b"third \xff line\n"]

    with pytest.raises(DataError) as caught:
        list(decode_blocks(blocks, name="text.txt", encoding_errors="strict"))

    assert caught.value.message == "text.txt is not UTF-8: byte 0xff at offset 19."
    assert "--encoding-errors surrogateescape" in caught.value.help


def test_decode_blocks_character_cut_by_the_end_tells_its_offset() -> None:
    with pytest.raises(DataError, match="byte 0xe2 at offset 4"):
        list(decode_blocks([b"abc\n\xe2\x82"], name="text", encoding_errors="strict"))


def test_text_document_long_text_comes_in_pieces_that_end_at_newlines() -> None:
    text = "word word word\n" * 200_000 + "end"

    document = text_document(text, name="long")

    pieces = list(document.pieces())
    assert "".join(pieces) == text
    assert len(pieces) > 1
    assert all(piece.endswith("\n") for piece in pieces[:-1])


def test_text_document_one_long_line_is_one_piece() -> None:
    text = "x" * 3_000_000

    assert list(text_document(text, name="long").pieces()) == [text]


def test_text_document_long_line_before_short_ones_is_cut_after_it() -> None:
    text = "x" * 3_000_000 + "\n" + "short\n"

    assert list(text_document(text, name="long").pieces()) == ["x" * 3_000_000 + "\n", "short\n"]


def test_text_document_empty_text_has_no_pieces() -> None:
    assert list(text_document("", name="empty").pieces()) == []


def test_decode_blocks_keeps_the_byte_order_mark_on_request() -> None:
    pieces = decode_blocks(
        [b"\xef\xbb\xbfone\n"], name="a.txt", encoding_errors="strict", keeps_mark=True
    )

    assert list(pieces) == ["\ufeffone\n"]
