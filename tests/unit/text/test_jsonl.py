import pytest

from nextword.base import DataError
from nextword.text.documents import Document
from nextword.text.jsonl import jsonl_documents


def documents_of(
    *lines: str, field: str = "text", encoding_errors: str = "strict"
) -> list[Document]:
    pieces = [f"{line}\n" for line in lines]
    return list(
        jsonl_documents(pieces, name="notes.jsonl", field=field, encoding_errors=encoding_errors)
    )


def test_jsonl_documents_each_line_is_a_document_named_by_its_number() -> None:
    documents = documents_of('{"text": "one\\ntwo"}', "", '{"text": "three", "id": 3}')

    assert [document.name for document in documents] == ["notes.jsonl:1", "notes.jsonl:3"]
    assert ["".join(document.pieces()) for document in documents] == ["one\ntwo", "three"]


def test_jsonl_documents_line_separator_inside_text_does_not_end_a_line() -> None:
    documents = documents_of('{"text": "one\u2028two"}')

    assert ["".join(document.pieces()) for document in documents] == ["one\u2028two"]


def test_jsonl_documents_malformed_line_tells_its_number() -> None:
    with pytest.raises(DataError, match=r"notes\.jsonl:2 is not JSON: .* at column 9"):
        documents_of('{"text": "one"}', '{"text":')


def test_jsonl_documents_line_nested_too_deep_is_refused() -> None:
    with pytest.raises(DataError, match="jsonl:1 cannot be read as JSON"):
        documents_of("[" * 100_000)


def test_jsonl_documents_line_that_is_no_object_is_refused() -> None:
    with pytest.raises(DataError, match=r"jsonl:1 is an array, not an object.*jq -c '\.\[\]'"):
        documents_of('["text"]')


def test_jsonl_documents_missing_field_suggests_the_nearest() -> None:
    with pytest.raises(DataError, match=r"jsonl:1 has no field 'txt'\. Did you mean 'text'\?"):
        documents_of('{"text": "one", "id": 1}', field="txt")


def test_jsonl_documents_empty_object_is_refused_without_a_suggestion() -> None:
    with pytest.raises(DataError, match=r"has no field 'text'\.$"):
        documents_of("{}")


def test_jsonl_documents_field_that_is_no_text_is_refused() -> None:
    with pytest.raises(DataError, match=r"the field 'text' is a number, not text.*--field"):
        documents_of('{"text": 3}')


def test_jsonl_documents_lone_surrogate_escape_is_refused() -> None:
    with pytest.raises(DataError, match=r"lone surrogate U\+D800 at character 2"):
        documents_of('{"text": "ab\\ud800"}', encoding_errors="surrogateescape")


def test_jsonl_documents_byte_order_mark_of_a_joined_file_is_skipped() -> None:
    documents = documents_of('{"text": "one"}', "\ufeff", '\ufeff{"text": "two"}\r')

    assert ["".join(document.pieces()) for document in documents] == ["one", "two"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("5", "a number"),
        ("null", "null"),
        ("true", "true or false"),
        ("[]", "an array"),
        ("{}", "an object"),
    ],
)
def test_jsonl_documents_field_of_another_type_is_named_as_in_json(value: str, kind: str) -> None:
    with pytest.raises(DataError, match=f"the field 'text' is {kind}, not text"):
        documents_of(f'{{"text": {value}}}')


def test_jsonl_documents_number_of_many_digits_in_another_field_is_read() -> None:
    [document] = documents_of(f'{{"text": "one", "id": {"9" * 5000}}}')

    assert "".join(document.pieces()) == "one"
