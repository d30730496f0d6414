import pytest

from nextword.base import VocabularyError
from nextword.tokens import TokenTexts

TEXTS = TokenTexts(["the", "cat", "the"], kind="word")


def test_token_texts_text_is_that_of_the_id() -> None:
    assert TEXTS.text(1) == "cat"


def test_token_texts_id_of_equal_texts_is_the_lowest() -> None:
    assert TEXTS.id_of("the") == 0


def test_token_texts_unknown_text_is_refused_with_the_nearest() -> None:
    with pytest.raises(VocabularyError, match="'caat' is not a token of this word vocabulary of 3"):
        TEXTS.id_of("caat")


@pytest.mark.parametrize("token_id", [-1, 3])
def test_token_texts_id_out_of_range_is_refused(token_id: int) -> None:
    with pytest.raises(VocabularyError, match=f"there is no token {token_id}"):
        TEXTS.text(token_id)
