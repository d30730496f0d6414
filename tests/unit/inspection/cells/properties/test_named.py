import pytest

from nextword.base import ConfigError
from nextword.inspection.cells import named_properties, properties_of, text_language


def test_unknown_property_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="no property 'quote' of Python source") as caught:
        named_properties("python", ["quote"])

    assert "quotes" in caught.value.help
    assert "NAME=REGEX" in caught.value.help


def test_property_of_python_is_refused_for_prose() -> None:
    with pytest.raises(ConfigError, match="no property 'if_body' of plain text"):
        named_properties("text", ["if_body"])


def test_names_are_kept_in_order_with_patterns_last() -> None:
    found = named_properties("text", ["digits=[0-9]", "quotes", "capital"])

    assert [each.name for each in found] == ["quotes", "capital", "digits"]


def test_patterns_alone_are_added_to_all_properties() -> None:
    found = named_properties("text", ["digits=[0-9]"])

    assert len(found) == len(properties_of("text")) + 1


@pytest.mark.parametrize("requested", [["quotes", "quotes"], ["quotes=a"], ["x=a", "x=b"]])
def test_name_given_twice_is_refused(requested: list[str]) -> None:
    with pytest.raises(ConfigError, match="is given twice, or is the name of another"):
        named_properties("text", requested)


@pytest.mark.parametrize("requested", ["=a", "a=", "a b=c"])
def test_pattern_without_a_name_is_refused(requested: str) -> None:
    with pytest.raises(ConfigError, match="is not NAME=REGEX"):
        named_properties("text", [requested])


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ConfigError, match="the language is 'ruby'"):
        properties_of("ruby")


def test_sources_say_how_values_are_computed() -> None:
    by_name = {each.name: each.source for each in properties_of("python")}

    assert by_name["quotes"] == "tokenize"
    assert by_name["line_position"] == "scanner"


def test_one_document_of_prose_makes_the_language_text() -> None:
    assert text_language(["import os\n", "It was dark.\n"]) == "text"
