"""`nextword encode`: vectors, files of vectors, and nearest neighbours."""

import json
from pathlib import Path

import numpy as np
import pytest

import nextword as nw
from cli.caller import Call
from nextword.tasks.storing import save_task
from tagging import small_tagger

LINES = "w1 w2\n\nw3 w4 w5\nw1 w2\n"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "lines.txt"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_encode_prints_one_object_per_line(cli: Call, word_run: Path, text: Path) -> None:
    finished = cli("encode", word_run, text)

    values = [json.loads(line) for line in finished.out.splitlines()]
    assert [list(value) for value in values] == [["schema", "line", "text", "vector"]] * 4
    assert [value["text"] for value in values] == LINES.split("\n")[:4]
    vectors = np.array([value["vector"] for value in values], dtype=np.float32)
    np.testing.assert_array_equal(vectors, nw.load(word_run).encode(LINES.split("\n")[:4]))


def test_encode_reads_standard_input_with_windows_line_ends(cli: Call, word_run: Path) -> None:
    finished = cli("encode", word_run, stdin=b"w1 w2\r\nw3\r\n")

    assert [json.loads(line)["text"] for line in finished.out.splitlines()] == ["w1 w2", "w3"]


def test_encode_out_writes_a_row_for_each_line(
    cli: Call, word_run: Path, text: Path, tmp_path: Path
) -> None:
    path = tmp_path / "vectors.npy"

    finished = cli(
        *("encode", word_run, text, "--out", path, "--pooling", "max", "--layer", 1, "--json")
    )

    vectors = np.load(path)
    expected = nw.load(word_run).encode(LINES.split("\n")[:4], pooling="max", layer=1)
    np.testing.assert_array_equal(vectors, expected)
    value = json.loads(finished.out)
    assert (value["num_lines"], value["size"]) == vectors.shape


def test_encode_out_of_an_empty_file_has_no_rows(cli: Call, word_run: Path, tmp_path: Path) -> None:
    empty, path = tmp_path / "empty.txt", tmp_path / "vectors.npy"
    empty.touch()

    finished = cli("encode", word_run, empty, "--out", path)

    assert finished.code == 0
    assert np.load(path).shape == (0, 16)


def test_encode_out_existing_file_is_kept(
    cli: Call, word_run: Path, text: Path, tmp_path: Path
) -> None:
    path = tmp_path / "vectors.npy"
    path.write_bytes(b"mine")

    finished = cli("encode", word_run, text, "--out", path)

    assert (finished.code, path.read_bytes()) == (2, b"mine")
    assert "already exists" in finished.err


def test_encode_nearest_prints_the_neighbours_of_each_line(
    cli: Call, word_run: Path, text: Path
) -> None:
    finished = cli("encode", word_run, text, "--nearest", 1, "--json")

    values = [json.loads(line) for line in finished.out.splitlines()]
    assert [[each["line"] for each in value["nearest"]] for value in values] == [[4], [], [1], [1]]
    assert values[0]["nearest"][0] == {"line": 4, "text": "w1 w2", "similarity": 1.0}


def test_encode_query_ranks_the_lines(cli: Call, word_run: Path, text: Path) -> None:
    finished = cli("encode", word_run, text, "--query", "w1 w2", "--nearest", 2)

    assert finished.out.splitlines() == ["1.0000  1  w1 w2", "1.0000  4  w1 w2"]


def test_encode_query_without_tokens_is_refused(cli: Call, word_run: Path, text: Path) -> None:
    finished = cli("encode", word_run, text, "--query", " ")

    assert finished.code == 2
    assert "--query ' ' has no tokens" in finished.err


def test_encode_each_record_of_json_lines_is_one_text(
    cli: Call, word_run: Path, tmp_path: Path
) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text('{"text": "w1\\nw2"}\n{"text": "w3"}\n', encoding="utf-8")

    finished = cli("encode", word_run, path)

    assert [json.loads(line)["text"] for line in finished.out.splitlines()] == ["w1\nw2", "w3"]


def test_encode_works_with_the_encoder_of_a_tagger(cli: Call, tmp_path: Path) -> None:
    tagger = small_tagger([[("w1", "A"), ("w2", "B")]])
    save_task(tmp_path / "tagger", tagger.parts.stored(tagger.model, config={}, card=""))

    finished = cli("encode", tmp_path / "tagger", "--layer", 1, stdin=b"w1 w2\n\n")

    vectors = [json.loads(line)["vector"] for line in finished.out.splitlines()]
    expected = tagger.encode(["w1 w2", ""])
    np.testing.assert_allclose(np.array(vectors, dtype=np.float32), expected, atol=1e-7)


def test_encode_ngram_model_is_refused_with_the_reason(
    cli: Call, ngram_run: Path, text: Path
) -> None:
    finished = cli("encode", ngram_run, text)

    assert finished.code == 2
    assert "counts of n-grams and has no hidden states" in finished.err


def test_encode_bad_byte_names_its_offset(cli: Call, word_run: Path) -> None:
    finished = cli("encode", word_run, stdin=b"w1\n\xff\n")

    assert finished.code == 2
    assert "byte 0xff at offset 3" in finished.err


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--pooling", "sum"), "pooling is 'sum'"),
        (("--layer", "7"), "layer is 7"),
        (("--nearest", "0"), "--nearest is 0"),
        (("--batch-size", "0"), "batch_size is 0"),
        (("--out", "vectors.txt"), "does not end in .npy"),
    ],
)
def test_encode_bad_option_is_refused(
    cli: Call, word_run: Path, text: Path, option: tuple[str, str], message: str
) -> None:
    finished = cli("encode", word_run, text, *option)

    assert finished.code == 2
    assert message in finished.err


def test_encode_text_without_lines_is_said(cli: Call, word_run: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")

    finished = cli("encode", word_run, empty)

    assert finished.out == ""
    assert finished.err == f"note: {empty} has no lines.\n"
