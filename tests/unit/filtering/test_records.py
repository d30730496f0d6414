"""Lines of any length, bad records, and records that keep their bytes."""

import re

import pytest

from nextword.base import ConfigError, DataError
from nextword.filtering import records
from nextword.filtering.records import numbered_lines, record_text, with_values


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_numbered_lines_do_not_depend_on_the_blocks(size: int) -> None:
    content = b'{"a": 1}\n\n\xff\nlast'

    blocks = [content[start : start + size] for start in range(0, len(content), size)]

    assert list(numbered_lines(blocks)) == [(1, b'{"a": 1}'), (2, b""), (3, b"\xff"), (4, b"last")]


@pytest.mark.parametrize("size", [3, 7, 100])
def test_numbered_lines_a_line_that_is_too_long_is_dropped(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MAX_LINE_BYTES", 8)
    content = b"12345678\n123456789\nnext\n1234567890"

    blocks = [content[start : start + size] for start in range(0, len(content), size)]

    assert list(numbered_lines(blocks)) == [(1, b"12345678"), (2, None), (3, b"next"), (4, None)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (None, "a.jsonl:3 has more than 33,554,432 bytes"),
        (b'{"text": "\xff"}', "a.jsonl:3 is not UTF-8: byte 0xff at byte 11 of the line"),
        (b"plain text", "a.jsonl:3 is not JSON"),
        (b"[1]", "a.jsonl:3 is an array, not an object"),
        (b'{"txt": "a"}', "a.jsonl:3 has no field 'text'"),
        (b'{"text": 7}', "a.jsonl:3: the field 'text' is a number, not text"),
        (b'{"text": "\\ud800"}', "a.jsonl:3: the text contains a lone surrogate U+D800"),
        (b'{"text": ' + b"[" * 100_000, "a.jsonl:3 cannot be read as JSON"),
    ],
)
def test_record_text_of_a_bad_record_is_refused(line: bytes | None, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        record_text(line, name="a.jsonl:3", field="text", added=("nll",))


def test_record_text_with_a_value_of_an_added_name_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"a\.jsonl:3 already has a value 'nll'"):
        record_text(b'{"text": "a", "nll": 1}', name="a.jsonl:3", field="text", added=("nll",))


def test_record_text_of_white_space_is_none() -> None:
    assert record_text(b" \t\r", name="a:1", field="text", added=()) is None


def test_with_values_keeps_the_bytes_of_the_record() -> None:
    line = b'\xef\xbb\xbf {"text":"caf\xc3\xa9 \\u00e9","n":1.50,"n":2 } \r'

    found = with_values(line, {"bucket": "head", "nll": None})

    assert (
        found == b'{"text":"caf\xc3\xa9 \\u00e9","n":1.50,"n":2, "bucket": "head", "nll": null}\n'
    )
