"""Reading pairs: formats, references, and messages that name the line."""

import gzip
from pathlib import Path

import pytest

from nextword.base import DataError
from nextword.tasks.transduction import read_pairs


def write(folder: Path, content: str | bytes, *, name: str = "pairs.tsv") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def read(path: str, *, with_targets: bool = True) -> list[tuple[str, tuple[str, ...]]]:
    pairs = read_pairs([path], with_targets=with_targets)
    return [(pair.source, pair.references) for pair in pairs]


def test_read_pairs_tsv_with_references_and_blank_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "a\tx\n\nb c\ty\tz\ty\n")

    assert read(path) == [("a", ("x",)), ("b c", ("y", "z"))]


@pytest.mark.parametrize("content", ["a\tx\r\nb\ty\r\n", "\ufeffa\tx\nb\ty", "a\tx\t\t\nb\ty\t\n"])
def test_read_pairs_mark_carriage_returns_and_padded_lines(content: str, tmp_path: Path) -> None:
    assert read(write(tmp_path, content)) == [("a", ("x",)), ("b", ("y",))]


@pytest.mark.parametrize("name", ["pairs.jsonl", "pairs.txt"])
def test_read_pairs_json_lines(name: str, tmp_path: Path) -> None:
    content = '{"source": "a\\tb", "target": "x"}\n{"source": "b", "target": ["y", "z"]}\n'

    assert read(write(tmp_path, content, name=name)) == [("a\tb", ("x",)), ("b", ("y", "z"))]


def test_read_pairs_compressed(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(b"a\tx\n"), name="pairs.tsv.gz")

    assert read(path) == [("a", ("x",))]


def test_read_pairs_names_the_place(tmp_path: Path) -> None:
    path = write(tmp_path, "a\tx\n\nb\ty\n")

    assert [pair.place for pair in read_pairs([path])] == [f"{path}:1", f"{path}:3"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty: it has no pairs"),
        ("\n \n", "is empty: it has no pairs"),
        ("a\tx\nno tab\n", ":2 has no tab: 'no tab' is a source without a target"),
        ("a\tx\n\ty\n", ":2: the source is empty"),
        ("a\t\n", ":1: a target is empty"),
        ("a\tx\t\ty\n", ":1: a target is empty"),
        ('{"source": "a"}\n', ":1 has no key 'target'"),
        ('{"sorce": "a", "target": "x"}\n', ":1 has no key 'source'"),
        ('{"source": "a", "target": "x"}\n{"source": 3, "target": "x"}\n', ":2: the source is"),
        ('{"source": "a", "target": []}\n', ":1: the list of targets is empty"),
        ('{"source": "a", "target": [1]}\n', ":1: the target is neither a text nor a list"),
        ('{"source": "a", "target": "x"}\n{"source"\n', ":2 is not JSON"),
        ('{"source": "a", "target": "x"}\n[1]\n', ":2 is not a JSON object"),
        ('{"source": "\\ud800", "target": "x"}\n', ":1: a text contains a lone surrogate"),
    ],
)
def test_read_pairs_bad_file_names_the_line(content: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, content)

    with pytest.raises(DataError) as caught:
        read(path)

    assert f"{path}{message}" in caught.value.message or message in caught.value.message


def test_read_pairs_not_utf8_names_the_byte(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="byte 0xff at offset 4") as caught:
        read(write(tmp_path, b"a\tx\n\xff\ty\n"))

    assert caught.value.help == (
        "If it is Latin-1, convert it: iconv -f ISO-8859-1 -t UTF-8 OLD > NEW."
    )


def test_read_pairs_without_targets_keeps_empty_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "a\n\nb\tx\n")

    assert read(path, with_targets=False) == [("a", ()), ("", ()), ("b", ("x",))]


def test_read_pairs_without_targets_accepts_an_empty_file(tmp_path: Path) -> None:
    assert read(write(tmp_path, ""), with_targets=False) == []


def test_read_pairs_without_targets_accepts_null(tmp_path: Path) -> None:
    path = write(tmp_path, '{"source": "a", "target": null}\n')

    assert read(path, with_targets=False) == [("a", ())]
    with pytest.raises(DataError, match="the target is neither a text nor a list"):
        read(path)
