import pytest

from nextword.tasks.tagging.files import FileFormat, detect_format

ROW = "1\tIt\tit\tPRON\tPRP\t_\t2\tnsubj\t_\t_\n"


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (ROW, FileFormat.CONLLU),
        ("# text = It\n" + ROW, FileFormat.CONLLU),
        (ROW.replace("1\t", "1-2\t", 1), FileFormat.CONLLU),
        ("EU B-ORG\nrejects O\n", FileFormat.COLUMNS),
        ("EU NNP B-ORG\nrejects VBZ O\n", FileFormat.COLUMNS),
        ("-DOCSTART-\n\n", FileFormat.COLUMNS),
        ("# columns = word tag\na b\n", FileFormat.COLUMNS),
        ("run\tverb\n", FileFormat.COLUMNS),
        ("run verb\nfast adv\n\nhe pron\n", FileFormat.COLUMNS),
        ("EU\nrejects\n\nHe\n", FileFormat.COLUMNS),
        # The reader reports the row with too many columns.
        ("EU B-ORG\n" * 4 + "rejects O O\n", FileFormat.COLUMNS),
        ("EU\tB-ORG\nrejects\tO\tO\n", FileFormat.COLUMNS),
        ("The bank opens .\nIt is closed .\n", FileFormat.TEXT),
        ("The bank opens.\nIt is closed.\n", FileFormat.TEXT),
        ("The bank opens today .\nIt is\n", FileFormat.TEXT),
        # Sentences of equal length with empty lines between them.
        ("Ann likes Oslo .\n\nBob sees Rome .\n", FileFormat.TEXT),
        # Sentences of equal length that end in names.
        ("Ann lives in Oslo\nBob went to Rome\n", FileFormat.TEXT),
        ("Vive en Madrid\nVoy a Barcelona\n", FileFormat.TEXT),
        ("EU B-Org\nrejects O\n", FileFormat.COLUMNS),
        ("Hello World\n", FileFormat.TEXT),
        ("Hello\n", FileFormat.TEXT),
        ("", FileFormat.TEXT),
    ],
)
def test_detect_format_of_content_returns_format(content: str, format: FileFormat) -> None:
    assert detect_format(content.splitlines(keepends=True), name="dev.txt") is format


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.conllu", FileFormat.CONLLU),
        ("a.CONLLU.gz", FileFormat.CONLLU),
        ("a.conll", FileFormat.COLUMNS),
        ("a.txt", FileFormat.TEXT),
    ],
)
def test_detect_format_of_name_returns_format(name: str, format: FileFormat) -> None:
    assert detect_format(["Hello World\n"], name=name) is format
