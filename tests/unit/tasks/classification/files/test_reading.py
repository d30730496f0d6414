"""Texts and labels from files of every format."""

import gzip
import logging
from io import BytesIO
from pathlib import Path

import pytest

from nextword.base import ConfigError, DataError
from nextword.tasks.classification.files import ColumnsConfig, TextRow, read_rows

Pairs = list[tuple[str, tuple[str, ...]]]


def rows_of(
    content: str | bytes, folder: Path, *, name: str = "texts.tsv", **settings: object
) -> list[TextRow]:
    """Write a file and read it; settings other than those of `read_rows` are columns."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    reading = {key: settings.pop(key) for key in ("multi_label", "with_labels") if key in settings}
    return list(read_rows([str(path)], ColumnsConfig(**settings), **reading))


def pairs(rows: list[TextRow]) -> Pairs:
    return [(row.text, row.labels) for row in rows]


EXPECTED: Pairs = [("a film", ("pos",)), ("no, no", ("neg",))]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("texts.tsv", "a film\tpos\nno, no\tneg\n"),
        ("texts.tsv", "sentence\tlabel\na film\tpos\nno, no\tneg"),
        ("texts.tsv", "id\tlabel\ttext\n1\tpos\ta film\n2\tneg\tno, no\n"),
        ("texts.csv", 'a film,pos\n"no, no",neg\n'),
        ("texts.csv", 'label,text\npos,a film\nneg,"no, no"\n'),
        ("texts.jsonl", '{"text": "a film", "label": "pos"}\n{"label": "neg", "text": "no, no"}\n'),
        ("texts.json", '\n{"text": "a film", "label": "pos"}\n\n{"label":"neg","text":"no, no"}'),
        ("texts.ft", "__label__pos a film\n__label__neg no, no\n"),
        ("texts.txt", "__label__pos a film\n__label__neg no, no\n"),
        ("texts.txt", "a film\tpos\nno, no\tneg\n"),
        ("texts", 'a film,pos\n"no, no",neg\n'),
        ("texts", '{"text": "a film", "label": "pos"}\n{"label": "neg", "text": "no, no"}\n'),
    ],
)
def test_read_rows_recognizes_the_format(name: str, content: str, tmp_path: Path) -> None:
    assert pairs(rows_of(content, tmp_path, name=name)) == EXPECTED


@pytest.mark.parametrize("name", ["texts.tsv", "texts.csv", "texts.jsonl"])
@pytest.mark.parametrize("change", ["crlf", "mark", "gzip", "blank lines"])
def test_read_rows_is_not_changed_by(change: str, name: str, tmp_path: Path) -> None:
    content = {
        "texts.tsv": "a film\tpos\nno, no\tneg\n",
        "texts.csv": 'a film,pos\n"no, no",neg\n',
        "texts.jsonl": '{"text":"a film","label":"pos"}\n{"text":"no, no","label":"neg"}\n',
    }[name].encode()
    if change == "crlf":
        content = content.replace(b"\n", b"\r\n")
    elif change == "mark":
        content = b"\xef\xbb\xbf" + content
    elif change == "gzip":
        content, name = gzip.compress(content), f"{name}.gz"
    else:
        content = content.replace(b"\n", b"\n\n")

    assert pairs(rows_of(content, tmp_path, name=name)) == EXPECTED


def test_read_rows_keeps_quotes_of_tsv_files(tmp_path: Path) -> None:
    assert rows_of('"so" good\t1\n"bad\t0\n', tmp_path)[1].text == '"bad'


def test_read_rows_unquotes_fields_of_tsv_files_if_asked(tmp_path: Path) -> None:
    rows = rows_of('"a ""b""\tc"\t1\n', tmp_path, quotes=True)

    assert pairs(rows) == [('a "b"\tc', ("1",))]


def test_read_rows_of_csv_joins_quoted_lines_and_keeps_line_numbers(tmp_path: Path) -> None:
    rows = rows_of('"one\ntwo",x\n"a ""b""",y\n', tmp_path, name="texts.csv")

    assert [row.text for row in rows] == ["one\ntwo", 'a "b"']
    assert [row.place.rpartition(":")[2] for row in rows] == ["1", "3"]


def test_read_rows_takes_columns_by_number_and_by_name(tmp_path: Path) -> None:
    content = "kind\tremark\tgrade\nx\tgood\tA\ny\tbad\tF\n"
    by_name = rows_of(content, tmp_path, text="remark", label="grade")
    by_number = rows_of(content, tmp_path, text="2", label=3, header="yes")

    assert pairs(by_name) == pairs(by_number) == [("good", ("A",)), ("bad", ("F",))]


def test_read_rows_says_which_columns_are_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        rows_of("label\ttext\nA\tgood\n", tmp_path)

    assert "the first line names the columns; text in column 2 (text), label in column 1" in (
        caplog.text
    )


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("texts.tsv", "a film\tred,round\nno\t\n", [("red", "round"), ()]),
        (
            "texts.jsonl",
            '{"text":"a","labels":["x", 2]}\n{"text":"b","labels":[]}\n',
            [("x", "2"), ()],
        ),
        ("texts.jsonl", '{"text":"a","labels":"x"}\n{"text":"b","labels":null}\n', [("x",), ()]),
        ("texts.ft", "__label__x __label__y a\nb\n", [("x", "y"), ()]),
    ],
)
def test_read_rows_of_several_labels(
    name: str, content: str, expected: list[tuple[str, ...]], tmp_path: Path
) -> None:
    rows = rows_of(content, tmp_path, name=name, multi_label=True)

    assert [row.labels for row in rows] == expected


def test_read_rows_splits_labels_at_the_given_separator(tmp_path: Path) -> None:
    rows = rows_of("a\tx, y|z|z\n", tmp_path, multi_label=True, label_separator="|")

    assert rows[0].labels == ("x, y", "z")


def test_read_rows_keeps_a_separator_inside_a_single_label(tmp_path: Path) -> None:
    assert rows_of("a\tx, y\n", tmp_path)[0].labels == ("x, y",)


@pytest.mark.parametrize(("value", "label"), [("3", "3"), ("true", "true"), ("4.5", "4.5")])
def test_read_rows_of_json_accepts_numbers_as_labels(
    value: str, label: str, tmp_path: Path
) -> None:
    rows = rows_of(f'{{"text":"a","label":{value}}}\n', tmp_path, name="texts.jsonl")

    assert rows[0].labels == (label,)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.tsv", "", r"t\.tsv is empty"),
        ("t.tsv", "\n\n", r"t\.tsv has no texts"),
        ("t.jsonl", "\n", r"t\.jsonl has no texts"),
        ("t.tsv", "text\tlabel\n", "has only one line, which names the columns"),
        ("t.tsv", "a\tx\nb\n", r"t\.tsv:2 has 1 column, but the first line has 2"),
        ("t.tsv", "a\tx\nb\ty\tz\n", r"t\.tsv:2 has 3 columns, but the first line has 2"),
        ("t.csv", 'a,x\n"b\nc",y\nd,e,f\n', r"t\.csv:4 has 3 columns"),
        (
            "t.csv",
            'a,x\n"b,y\nc,z\n',
            r"t\.csv:2: a quotation mark opens a field that does not end",
        ),
        ("t.csv", 'a,x\n"b"c,y\n', r"t\.csv:2 is not valid CSV"),
        ("t.tsv", "a\tx\nb\t \n", r"t\.tsv:2: the label is empty"),
        ("t.tsv", "only text\nmore\n", r"t\.tsv:1 has 1 column; a text and a label"),
        ("t.tsv", "a\tb\tc\n", r"t\.tsv:1: it has 3 columns and no header"),
        ("t.tsv", "id\tlabel\tremark\n", r"its columns are 'id', 'label', 'remark'; none"),
        ("t.txt", "no tab\n", r"t\.txt:1 has neither a tab nor a comma"),
        ("t.jsonl", '{"text":"a","label":"x"}\n{"text"\n', r"t\.jsonl:2 is not JSON"),
        ("t.jsonl", '["a"]\n', r"t\.jsonl:1 is an array, not an object"),
        ("t.jsonl", '{"text":"a"}\n', r"t\.jsonl:1: the keys are 'text'; none .* the label"),
        ("t.jsonl", '{"text":"a","label":1}\n{"text":"b"}\n', r"t\.jsonl:2 has no key 'label'"),
        ("t.jsonl", '{"text":3,"label":1}\n', r"'text' is a number, not a text"),
        ("t.jsonl", '{"text":"a","label":["x"]}\n', r"'label' is an array, where one label"),
        ("t.jsonl", '{"text":"a","label":{}}\n', r"'label' is an object, not a label"),
        ("t.jsonl", '{"text":"a","label":null}\n', r"'label' is null, not a label"),
        ("t.jsonl", '{"text":"a","label":NaN}\n', r"'label' is a number, not a label"),
        ("t.jsonl", '{"text":"\\ud800","label":1}\n', r"t\.jsonl:1 contains a lone surrogate"),
        ("t.jsonl", '{"text":"a","label":"x\\ty"}\n', r"the label 'x\\ty' contains a tab"),
        ("t.ft", "__label__x a\nb\n", r"t\.ft:2: the label is empty"),
        ("t.ft", "__label__x __label__y a\n", r"t\.ft:1 has 2 labels, such as 'x' and 'y'"),
        ("t.tsv", b"a\tx\n\xff\ty\n", "is not UTF-8"),
        ("t.csv", "a,x\nb\rc,y\n", r"t\.csv:2 is not valid CSV"),
    ],
)
def test_read_rows_refuses_with_the_place(
    name: str, content: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        rows_of(content, tmp_path, name=name)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"text": "txt"}, "has no column 'txt'; its columns are 'text', 'label'"),
        ({"label": 3}, "has 2 columns; there is no column 3"),
        ({"text": 0}, "there is no column 0"),
        ({"text": 1, "label": "text"}, "the text and the label are both column 1"),
        ({"text": "text", "header": "no"}, "'text' is a name, but the file has no header"),
    ],
)
def test_read_rows_refuses_columns_that_do_not_exist(
    settings: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        rows_of("text\tlabel\na\tx\n", tmp_path, **settings)


def test_read_rows_refuses_a_name_that_two_columns_have(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has 2 columns named 'text'"):
        rows_of("text\ttext\tlabel\na\tb\tx\n", tmp_path, text="text")


@pytest.mark.parametrize("column", ["a", 2])
def test_columns_refuse_the_same_column_for_both(column: str | int) -> None:
    with pytest.raises(ConfigError, match="both column"):
        ColumnsConfig(text=column, label=column)


def test_columns_refuse_an_empty_separator() -> None:
    with pytest.raises(ConfigError, match="label_separator is empty"):
        ColumnsConfig(label_separator="")


def test_read_rows_without_labels_reads_plain_lines(tmp_path: Path) -> None:
    rows = rows_of("a\tb, c\r\n\nlast", tmp_path, name="texts.txt", with_labels=False)

    assert [row.text for row in rows] == ["a\tb, c", "", "last"]


def test_read_rows_without_labels_reads_a_table_with_one_column(tmp_path: Path) -> None:
    assert [row.text for row in rows_of("a\nb\n", tmp_path, with_labels=False)] == ["a", "b"]


def test_read_rows_without_labels_accepts_an_empty_file(tmp_path: Path) -> None:
    assert rows_of("", tmp_path, with_labels=False) == []


def test_read_rows_of_plain_lines_refuses_labels(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="plain lines, which have no labels"):
        rows_of("a\n", tmp_path, format="lines")


def test_read_rows_reads_standard_input_as_it_arrives() -> None:
    class Stream(BytesIO):
        """A stream that fails when it is read beyond its first line."""

        num_reads = 0

        def read1(self, size: int | None = -1, /) -> bytes:
            self.num_reads += 1
            assert self.num_reads == 1
            return b"first\nsecond\n"

    rows = read_rows(
        ["-"], ColumnsConfig(), with_labels=False, standard_input=Stream(), is_read_once=True
    )

    assert next(rows).text == "first"


def test_read_rows_accepts_long_fields(tmp_path: Path) -> None:
    text = "x " * 200_000

    assert rows_of(f'"{text}",1\n', tmp_path, name="texts.csv")[0].text == text
