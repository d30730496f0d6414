import pytest

from nextword.text import Corpus, text_document
from nextword.tokens import (
    Coverage,
    Tokenizer,
    TokenizerConfig,
    TokenStore,
    build_store,
    coverage,
    train_tokenizer,
)

WORDS = train_tokenizer(TokenizerConfig(min_count=1), ["the cat\n"])
CHARACTERS = train_tokenizer(TokenizerConfig(kind="character"), ["the\n"])


def store_of(text: str, tokenizer: Tokenizer = WORDS) -> TokenStore:
    document = text_document(text, name="made")
    corpus = Corpus(description="made", open_documents=lambda: iter([document]))
    return build_store(corpus, tokenizer, folder=None)


def test_coverage_leaves_line_ends_out() -> None:
    found = coverage(store_of("zebra\n\nthe yak\n"), tokenizer=WORDS)

    assert found == Coverage(num_words=3, num_unknown=2, num_lines=2)


def test_coverage_of_characters_counts_all_tokens() -> None:
    found = coverage(store_of("thx\n", CHARACTERS), tokenizer=CHARACTERS)

    assert found == Coverage(num_words=4, num_unknown=1, num_lines=0)


@pytest.mark.parametrize(("num_unknown", "expected"), [(2, False), (3, True)])
def test_coverage_mostly_unknown_is_more_than_half(num_unknown: int, expected: bool) -> None:
    found = Coverage(num_words=4, num_unknown=num_unknown, num_lines=1)

    assert found.is_mostly_unknown is expected
