import gzip
import json
import os
import threading
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


def test_open_corpus_keeps_carriage_returns_and_byte_order_marks(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\x00\n")

    assert texts_of(open_corpus([str(path)])) == ["\ufeffone\r\ntwo\x00\n"]


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
