import pytest

from fakes import random_text
from nextword.families import NgramConfig, train_ngram
from nextword.models import estimate_ngram
from nextword.text import Corpus, text_document
from nextword.tokens import Tokenizer, TokenizerConfig, TokenStore, build_store, train_tokenizer

CONFIG = NgramConfig(order=3)


@pytest.fixture(scope="module")
def data() -> tuple[TokenStore, Tokenizer]:
    text = random_text(400, num_words=40)
    tokenizer = train_tokenizer(TokenizerConfig(kind="word"), [text])
    corpus = Corpus(
        description="text", open_documents=lambda: iter([text_document(text, name="text")])
    )
    return build_store(corpus, tokenizer, folder=None), tokenizer


def test_estimate_ngram_short_text_is_counted_exactly(data: tuple[TokenStore, Tokenizer]) -> None:
    store, tokenizer = data
    model = train_ngram(store, tokenizer, config=CONFIG)

    found = estimate_ngram(store, tokenizer, config=CONFIG)

    assert found.is_counted
    assert found.num_ngrams == model.tables.num_ngrams
    assert found.num_parameters == model.num_parameters
    assert found.model_bytes == sum(values.nbytes for values in model.tables.arrays().values())


def test_estimate_ngram_long_text_is_near_the_count(data: tuple[TokenStore, Tokenizer]) -> None:
    store, tokenizer = data
    model = train_ngram(store, tokenizer, config=CONFIG)

    found = estimate_ngram(store, tokenizer, config=CONFIG, sample_tokens=len(store.ids) // 2)

    assert not found.is_counted
    assert found.num_ngrams == pytest.approx(model.tables.num_ngrams, rel=0.25)
