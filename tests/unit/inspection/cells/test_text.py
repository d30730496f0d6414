import pytest

from fakes import tokenizer_of
from nextword.base import ConfigError, DataError
from nextword.inspection.cells import properties_of, read_unit_text
from nextword.text import Corpus, text_document
from nextword.tokens import TokenizerKind


@pytest.mark.parametrize("kind", ["character", "byte", "bpe"])
def test_tokens_cover_the_text(kind: TokenizerKind) -> None:
    text = "the  café\n\nthe café is é\n"

    read = read_unit_text(text, tokenizer_of(text * 20, kind=kind))

    assert read.ends[-1] == len(text)
    assert read.starts[0] == 0
    assert (read.starts <= read.ends).all()
    assert len(read.ends) == read.num_tokens


def test_backward_tokenizer_is_refused() -> None:
    tokenizer = tokenizer_of("one two\n", direction="backward")

    with pytest.raises(ConfigError, match="reads lines backward"):
        read_unit_text("one two\n", tokenizer)


def test_values_are_those_after_the_last_character_of_a_token() -> None:
    text = "one (two) three\n"
    tokenizer = tokenizer_of(text)
    position = properties_of("text")[0]

    assert read_unit_text(text, tokenizer).values(position).tolist() == [3, 9, 15, 0]


def test_documents_are_read_as_far_as_needed_and_cut() -> None:
    documents = [text_document("a\nb", name="1"), text_document("c\nd", name="2")]
    corpus = Corpus(description="two", open_documents=lambda: iter(documents))
    tokenizer = tokenizer_of("a\nb c\nd", kind="character")

    text = read_unit_text(corpus, tokenizer, max_characters=4)

    assert text.text == "a\nbc"
    assert text.documents == ("a\nb", "c\nd")
    assert text.values(properties_of("text")[0]).tolist() == [1, 0, 1, 1]


def test_empty_text_is_refused() -> None:
    with pytest.raises(DataError, match="text has no tokens"):
        read_unit_text("", tokenizer_of("a"))
