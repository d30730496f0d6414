import gzip
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import DataError, NextwordError
from nextword.tasks.tagging.files import FileFormat, Sentence, open_tagged_files
from tagged_files import CONLLU, read, rewritten, tagged


def pairs(sentences: list[Sentence]) -> list[list[tuple[str, str]]]:
    return [list(zip(each.words, each.labels or (), strict=True)) for each in sentences]


def test_sentences_of_conllu_skip_multiword_ranges_and_empty_nodes() -> None:
    assert pairs(read(CONLLU)) == [
        [("vamos", "VERB"), ("nos", "PRON"), ("10 000", "NUM")],
        [("_", "X")],
    ]


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        ("upos", ("VERB", "PRON", "NUM")),
        ("LEMMA", ("ir", "nosotros", "mar")),
        ("feats", ("_", "_", "A=b")),
        (4, ("VERB", "PRON", "NUM")),
        ("-7", ("VERB", "PRON", "NUM")),
        ("deprel", ("root", "obj", "obl")),
        ("misc", ("_", "_", "SpaceAfter=No")),
    ],
)
def test_sentences_of_conllu_column_by_name_or_number(
    column: str | int, labels: tuple[str, ...]
) -> None:
    assert read(CONLLU, column=column)[0].labels == labels


def test_sentences_of_conllu_missing_label_is_refused_with_its_line() -> None:
    with pytest.raises(DataError, match=r":7 has no label: column 5 \(xpos\) is '_'") as raised:
        read(CONLLU, column="xpos")

    assert "--column" in raised.value.help


def test_sentences_of_conllu_missing_labels_are_none_if_none_are_needed() -> None:
    assert [each.labels for each in read(CONLLU, column="xpos", needs_labels=False)] == [
        None,
        ("F",),
    ]


@pytest.mark.parametrize("column", [None, "ner", "NER", "label", 4, -1, "4", "-1", "+4"])
def test_sentences_of_four_columns_find_the_last_one(column: str | int | None) -> None:
    content = "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\nHe PRP I-NP O\n"

    assert pairs(read(content, column=column)) == [
        [("EU", "I-ORG"), ("rejects", "O")],
        [("He", "O")],
    ]


def test_sentences_of_columns_with_header_find_columns_by_name() -> None:
    content = "# columns = id word ner pos\n1 EU B-ORG NNP\n2-3 x y z\n2 rejects O VBZ\n"

    assert pairs(read(content, column="pos")) == [[("EU", "NNP"), ("rejects", "VBZ")]]


@pytest.mark.parametrize("column", ["1", 1, "word"])
def test_sentences_column_of_the_words_is_refused(column: str | int) -> None:
    with pytest.raises(NextwordError, match="contains the words, not labels"):
        read("EU B-ORG\nrejects O\n", column=column)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("nre", "has no column 'nre'"),
        (0, "the column is 0"),
        (-5, "has no column -5: it has 2 columns"),
        ("3", ":1 has no column 3"),
    ],
)
def test_sentences_column_that_does_not_exist_is_refused(column: str | int, message: str) -> None:
    with pytest.raises(NextwordError, match=message):
        read("EU B-ORG\nrejects O\n", column=column)


def test_sentences_white_space_that_is_not_a_blank_is_part_of_a_word() -> None:
    content = "10\u00a0000 NUM\na\u2028b X\nc\u0085d \x0bY\n \t\ne N\n"

    assert pairs(read(content, format=FileFormat.COLUMNS)) == [
        [("10\u00a0000", "NUM"), ("a\u2028b", "X"), ("c\u0085d", "\x0bY")],
        [("e", "N")],
    ]


def test_sentences_of_tab_separated_columns_may_contain_blanks() -> None:
    assert pairs(read("New York\tB-LOC\n is \tO\r\n")) == [[("New York", "B-LOC"), ("is", "O")]]


def test_sentences_of_blank_separated_columns_may_also_have_tabs() -> None:
    assert pairs(read("EU  B-ORG\n  rejects \t O  \n")) == [[("EU", "B-ORG"), ("rejects", "O")]]


def test_sentences_number_signs_are_words_inside_a_sentence_and_comments_before_it() -> None:
    content = "# a comment of words\n# id = 3\n# SYM\n1 NUM\n# SYM\n#tag X\n\n# note\n\n2 NUM\n"

    assert pairs(read(content, format=FileFormat.COLUMNS)) == [
        [("#", "SYM"), ("1", "NUM"), ("#", "SYM"), ("#tag", "X")],
        [("#", "note")],
        [("2", "NUM")],
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_sentences_of_file_with_mark_and_line_ends_are_equal(tmp_path: Path, end: str) -> None:
    content = f"\ufeffEU B-ORG{end}rejects O{end}{end}He O".encode()
    path = tmp_path / "dev.txt.gz"
    path.write_bytes(gzip.compress(content))

    [file] = open_tagged_files([str(path)])
    sentences = list(file.sentences())

    assert pairs(sentences) == [[("EU", "B-ORG"), ("rejects", "O")], [("He", "O")]]
    assert sentences[1].line_number(0) == 4
    assert rewritten(sentences).encode() == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a N x\nb N\n", r":2 has 2 columns; the first row has 3\."),
        ("a N x\nb\n", r":2 has 1 column; the first row has 3\."),
        (CONLLU + "vamos\n", r":10 has 1 tab-separated column; CoNLL-U has 10\."),
        ("a\tN\n\nb\tN\tx\n", r":3 has 3 tab-separated columns; the first row has 2\."),
        (CONLLU + "2\ta\tb\n", r":10 has 3 tab-separated columns; CoNLL-U has 10\."),
        (CONLLU + CONLLU.replace("1\tvamos", "one\tvamos"), r":13 has the id 'one'"),
        ("a\tN\n\tN\n", ":2 has an empty word"),
        ("a\tN\nb\t\n", r":2 has no label: column 2 is ''\."),
        ("a\tN\nb\t_\n", r":2 has no label: column 2 is '_'\."),
    ],
)
def test_sentences_of_damaged_file_are_refused_with_the_line(content: str, message: str) -> None:
    format = FileFormat.CONLLU if content.startswith("#") else FileFormat.COLUMNS

    with pytest.raises(DataError, match=message):
        read(content, format=format)


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "# only = a comment\n", " \r\n"])
@pytest.mark.parametrize("format", [None, *FileFormat])
def test_sentences_of_empty_file_are_refused(content: str, format: FileFormat | None) -> None:
    if content.startswith("#") and format in (None, FileFormat.TEXT):
        return
    with pytest.raises(DataError, match="standard input contains no sentences"):
        read(content, format=format, needs_labels=False)


def test_sentences_of_plain_text_have_no_labels() -> None:
    content = "The bank opens .\n\nIt\u00a0rained .\n"

    sentences = read(content, needs_labels=False)

    assert [each.words for each in sentences] == [
        ("The", "bank", "opens", "."),
        ("It\u00a0rained", "."),
    ]
    with pytest.raises(DataError, match="is plain text and has no labels: line 1 has 4 fields, "):
        read(content)


def test_sentences_of_ragged_columns_name_the_line_whatever_the_format() -> None:
    with pytest.raises(DataError, match=r":5 has 3 columns; the first row has 2\."):
        read("EU B-ORG\n" * 4 + "rejects O O\n")
    with pytest.raises(DataError, match="line 1 has 3 fields, and line 2 has 4"):
        read("EU NNP B\nis V O x\n")


def test_sentences_of_standard_input_are_read_only_once() -> None:
    file = tagged("EU B-ORG\nrejects O\n")
    list(file.sentences())

    with pytest.raises(DataError, match="standard input"):
        list(file.sentences())


def test_sentences_are_returned_before_the_end_of_the_input() -> None:
    class Endless(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return b"EU B-ORG\n\n"

        read1 = read

    [file] = open_tagged_files(["-"], standard_input=Endless(), format=FileFormat.COLUMNS)

    assert next(file.sentences()).words == ("EU",)


@pytest.mark.parametrize(
    "number", [10_000, pytest.param(100_000, marks=(pytest.mark.slow, pytest.mark.exhaustive))]
)
def test_sentence_of_many_words_is_read(number: int) -> None:
    [sentence] = read("word N\n" * number)

    assert len(sentence.words) == number
    assert sentence.line_number(number - 1) == number


WORDS = st.text("ab#-_é\u00a0\u2028\x85", min_size=1, max_size=4)
SEPARATORS = st.sampled_from([" ", "  ", "\t", " \t "])
ROWS = st.builds(
    "{0}{1}{2}{3}{4}{5}".format,
    WORDS,
    SEPARATORS,
    WORDS,
    SEPARATORS,
    WORDS.filter(lambda label: label != "_"),
    st.sampled_from(["\n", "\r\n", " \n"]),
)
LINES = st.one_of(
    ROWS, st.sampled_from(["\n", "\r\n", " \t\n", "-DOCSTART- O O\n", "# a = b\n", "\n# x\n"])
)


@given(mark=st.sampled_from(["", "\ufeff"]), rows=st.lists(LINES), last=WORDS)
def test_sentences_with_their_labels_are_the_file(mark: str, rows: list[str], last: str) -> None:
    content = f"{mark}first N  X\n{''.join(rows)}\n{last} x Y"

    sentences = read(content, format=FileFormat.COLUMNS)

    assert rewritten(sentences) == content
    assert all(label for each in sentences for label in each.labels or ())


@given(data=st.data(), end=st.sampled_from(["\n", "\r\n"]))
def test_sentences_of_conllu_with_their_labels_are_the_file(data: st.DataObject, end: str) -> None:
    ids = st.sampled_from(["1", "2", "1-2", "8.1"])
    words = st.text("ab é\u00a0\u2028\x85#", min_size=1, max_size=4).filter(
        lambda word: word.strip(" ")
    )
    row = st.builds("{}\t{}\tc\t{}\t_\t_\t0\tx\t_\t_".format, ids, words, words)
    lines = data.draw(st.lists(st.one_of(row, st.sampled_from(["", "# text = a", "#"]))))
    first = "1\ta\tb\tX\t_\t_\t0\tx\t_\t_"
    content = end.join([first, *lines])

    assert rewritten(read(content)) == content


def test_sentences_of_words_alone_are_refused_without_labels() -> None:
    with pytest.raises(DataError, match=":1 has one column, the words, and therefore no label"):
        read("EU\nrejects\n", format=FileFormat.COLUMNS)
