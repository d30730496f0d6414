import gzip
import json
import os
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from nextword.base import ConfigError, DataError
from nextword.text import Corpus, open_corpus


def texts_of(corpus: Corpus) -> list[str]:
    return ["".join(document.pieces()) for document in corpus]


def test_open_corpus_files_keep_their_order_and_description(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("bee\n", encoding="utf-8")
    (tmp_path / "a.txt").write_text("ay\n", encoding="utf-8")
    specs = [str(tmp_path / "b.txt"), str(tmp_path / "a.txt")]

    corpus = open_corpus(specs)

    assert texts_of(corpus) == ["bee\n", "ay\n"]
    assert corpus.description == " ".join(specs)
    assert "".join(corpus.pieces()) == "bee\nay\n"


def test_open_corpus_can_be_iterated_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one\ntwo", encoding="utf-8")

    corpus = open_corpus([str(path)])

    assert texts_of(corpus) == texts_of(corpus) == ["one\ntwo"]


def test_open_corpus_keeps_carriage_returns_and_inner_byte_order_marks(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\n\xef\xbb\xbftwo\x00\n")

    assert texts_of(open_corpus([str(path)])) == ["one\r\n\ufefftwo\x00\n"]


@pytest.mark.parametrize("encoding_errors", ["strict", "surrogateescape"])
def test_open_corpus_byte_order_mark_of_each_file_is_skipped(
    tmp_path: Path, encoding_errors: str
) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\n")
    (tmp_path / "b.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "two"}\n')
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(b"\xef\xbb\xbfthree\n"))
    standard_input = BytesIO(b"\xef\xbb\xbffour\n")

    corpus = open_corpus(
        [str(tmp_path), "-"], encoding_errors=encoding_errors, standard_input=standard_input
    )

    assert texts_of(corpus) == ["one\n", "two", "three\n", "four\n"]


def test_open_corpus_offset_of_a_bad_byte_counts_the_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfab\xff\n")

    with pytest.raises(DataError, match=r"byte 0xff at offset 5"):
        texts_of(open_corpus([str(path)]))


JSON_LINES = b'{"body": "one"}\n{"body": "two"}\n'


@pytest.mark.parametrize("name", ["a.ndjson", "a.json", "a.json.gz", "a.JSONL", "a.txt", "a"])
def test_open_corpus_field_reads_json_lines_of_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(JSON_LINES) if name.endswith(".gz") else JSON_LINES)

    assert texts_of(open_corpus([str(path)], field="body")) == ["one", "two"]


@pytest.mark.parametrize("is_read_once", [False, True])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_open_corpus_field_reads_json_lines_of_standard_input(
    is_read_once: bool, pack: Callable[[bytes], bytes]
) -> None:
    corpus = open_corpus(
        ["-"],
        field="body",
        standard_input=BytesIO(pack(JSON_LINES)),
        is_read_once=is_read_once,
    )

    assert texts_of(corpus) == ["one", "two"]


def test_open_corpus_field_of_a_plain_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\n")

    with pytest.raises(ConfigError, match=r"--field body cannot apply: .*a\.txt is plain text"):
        open_corpus([str(path)], field="body")


def test_open_corpus_field_that_applies_to_one_text_of_two_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\n")
    (tmp_path / "b.jsonl").write_bytes(JSON_LINES)

    assert texts_of(open_corpus([str(tmp_path)], field="body")) == ["one\n", "one", "two"]


@pytest.mark.parametrize("name", ["a.json", "-"])
def test_open_corpus_json_lines_read_as_plain_text_are_warned_of(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    content = b'{"text": "one"}\n'
    (tmp_path / "a.json").write_bytes(content)
    spec = name if name == "-" else str(tmp_path / name)

    assert texts_of(open_corpus([spec], standard_input=BytesIO(content))) == [content.decode()]
    assert "looks like JSON lines and is read as plain text" in caplog.text


def test_open_corpus_json_lines_without_the_field_tell_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'{"text": "one"}\n' + JSON_LINES)

    with pytest.raises(DataError, match=r"a\.ndjson:2 has no field 'text'"):
        texts_of(open_corpus([str(path)]))


@pytest.mark.parametrize("is_read_once", [False, True])
def test_open_corpus_compressed_standard_input_is_decompressed(is_read_once: bool) -> None:
    stream = BytesIO(gzip.compress(b"one\n") + gzip.compress(b"two\n"))

    corpus = open_corpus(["-"], standard_input=stream, is_read_once=is_read_once)

    assert texts_of(corpus) == ["one\ntwo\n"]


def test_open_corpus_standard_input_read_once_comes_as_it_is_written() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as stream, open(writing, "wb", buffering=0) as writer:  # noqa: PTH123
        corpus = open_corpus(["-"], standard_input=stream, is_read_once=True)
        pieces = corpus.pieces()
        writer.write(b"(\n")
        first = next(pieces)
        writer.write(b"P\n")

        assert (first, next(pieces)) == ("(\n", "P\n")


def test_open_corpus_json_line_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "' + b"a " * (17 << 20) + b'"}\n', compresslevel=1))

    with pytest.raises(DataError, match=r"a\.jsonl\.gz has a line of more than 33,554,432 bytes"):
        texts_of(open_corpus([str(path)]))


def test_open_corpus_compressed_jsonl_gives_a_document_a_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl.gz"
    lines = [json.dumps({"body": text}) for text in ("one\n", "two")]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))

    assert texts_of(open_corpus([str(path)], field="body")) == ["one\n", "two"]


def test_open_corpus_standard_input_is_read_once_and_iterated_twice() -> None:
    corpus = open_corpus(["-"], standard_input=BytesIO(b"one\ntwo\n"))

    assert texts_of(corpus) == texts_of(corpus) == ["one\ntwo\n"]
    assert [document.name for document in corpus] == ["standard input"]


def test_open_corpus_standard_input_that_is_not_given_is_refused() -> None:
    with pytest.raises(DataError, match="'-' was named, but there is no standard input"):
        open_corpus(["-"])


def test_open_corpus_pipe_is_read_once_and_iterated_twice(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"one\n",))
    writer.start()

    corpus = open_corpus([str(path)])

    writer.join()
    assert texts_of(corpus) == texts_of(corpus) == ["one\n"]


def test_open_corpus_standard_library_decodes_strictly_and_names_documents() -> None:
    corpus = open_corpus(["stdlib:"])

    names = [document.name for document in corpus]
    assert "stdlib:json/decoder.py" in names
    assert sum(map(len, corpus.pieces())) > 1_000_000


def test_open_corpus_invalid_bytes_come_back_with_surrogateescape(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"caf\xe9\n")

    corpus = open_corpus([str(path)], encoding_errors="surrogateescape")

    assert texts_of(corpus)[0].encode("utf-8", errors="surrogateescape") == b"caf\xe9\n"


def test_open_corpus_invalid_bytes_in_compressed_file_tell_the_decompressed_offset(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"0123456789\n" * 200_000 + b"caf\xe9\n"))

    with pytest.raises(DataError, match=r"a\.txt\.gz is not UTF-8: byte 0xe9 at offset 2,200,003"):
        texts_of(open_corpus([str(path)]))


def test_open_corpus_missing_file_is_refused_before_iterating(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        open_corpus([str(tmp_path / "gone.txt")])


def test_open_corpus_without_a_text_is_refused() -> None:
    with pytest.raises(ConfigError, match="no text was named"):
        open_corpus([])


def test_open_corpus_unknown_treatment_of_errors_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"is 'strikt'\. Did you mean 'strict'\?"):
        open_corpus(["-"], encoding_errors="strikt")


def test_open_corpus_name_that_is_not_utf8_is_read_and_can_be_printed(tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9.txt"
    path.write_bytes(b"one\n")

    corpus = open_corpus([str(path)])

    assert texts_of(corpus) == ["one\n"]
    assert corpus.description == f"{tmp_path}/caf\\xe9.txt"
    assert [document.name for document in corpus] == [corpus.description]
