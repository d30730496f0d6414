import pytest

from nextword.base import ShapeError
from nextword.tasks.tagging.files import FileFormat
from tagged_files import CONLLU, read


def test_with_labels_of_conllu_changes_only_the_column() -> None:
    first, second = read(CONLLU)

    written = first.with_labels(["A", "B", "C"]) + second.with_labels(["D"])

    expected = CONLLU
    for old, new in [("VERB", "A"), ("PRON", "B"), ("\tNUM", "\tC"), ("\tX\t", "\tD\t")]:
        expected = expected.replace(old, new)
    assert written == expected


def test_with_labels_of_columns_keeps_blanks_and_line_ends() -> None:
    [sentence] = read("EU  NNP   B-ORG \r\nis\tV O\n")

    assert sentence.with_labels(["X", "Y"]) == "EU  NNP   X \r\nis\tV Y\n"


def test_with_labels_of_missing_column_appends_it() -> None:
    [sentence] = read("EU NNP\r\nis V\n", column=3, needs_labels=False)

    assert sentence.labels is None
    assert sentence.with_labels(["X", "Y"]) == "EU NNP X\r\nis V Y\n"


def test_with_labels_of_words_alone_appends_a_column() -> None:
    sentences = read("EU\nis\n\nHe\n", needs_labels=False)

    written = [each.with_labels(["X"] * len(each.words)) for each in sentences]

    assert written == ["EU\tX\nis\tX\n\n", "He\tX\n"]


def test_with_labels_of_empty_field_fills_it() -> None:
    [sentence] = read("EU\t\tx\nis\t \tx\n", column=2, needs_labels=False)

    assert sentence.with_labels(["X", "Y"]) == "EU\tX\tx\nis\t Y\tx\n"


def test_with_labels_of_plain_text_writes_a_line_for_each_word() -> None:
    [sentence] = read("EU is", format=FileFormat.TEXT, needs_labels=False)

    assert sentence.with_labels(["X", "Y"]) == "EU\tX\nis\tY\n\n"


def test_with_labels_of_another_number_is_refused() -> None:
    [sentence] = read("EU B\nis O\n")

    with pytest.raises(ShapeError, match="1 labels for 2 words"):
        sentence.with_labels(["X"])
