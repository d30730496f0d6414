import pytest

from fakes import tokenizer_of
from nextword.base import VocabularyError
from nextword.tokens import TokenizerKind


@pytest.mark.parametrize("kind", ["character", "byte", "bpe"])
def test_token_bytes_joined_are_the_text(kind: TokenizerKind) -> None:
    text = "caf\u00e9 na\u00efve caf\u00e9\n"
    tokenizer = tokenizer_of(text, kind=kind)

    joined = b"".join(
        tokenizer.token_bytes(number) for number in tokenizer.encode(text).ids.tolist()
    )

    assert joined == text.encode("utf-8")


@pytest.mark.parametrize("kind", ["character", "byte"])
def test_token_bytes_unknown_id_is_refused(kind: TokenizerKind) -> None:
    tokenizer = tokenizer_of("a\n", kind=kind)

    with pytest.raises(VocabularyError, match="there is no token 999"):
        tokenizer.token_bytes(999)
