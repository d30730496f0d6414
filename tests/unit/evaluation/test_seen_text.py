"""Texts that a model was trained on are recognized."""

import numpy as np
import pytest

from nextword.evaluation import seen_note, shared_documents, shares_passages
from nextword.evaluation.seen_text import seen_share
from nextword.text import Corpus, text_document
from nextword.tokens import (
    TokenizerConfig,
    TokenStore,
    VocabularyTokenizer,
    build_store,
    train_tokenizer,
)

GENERATOR = np.random.default_rng(3)
WORDS = [f"w{number}" for number in range(50)]


def random_lines(number: int) -> str:
    return "".join(" ".join(GENERATOR.choice(WORDS, 9)) + "\n" for _ in range(number))


TRAIN = random_lines(300)


@pytest.fixture(scope="module")
def tokenizer() -> VocabularyTokenizer:
    return train_tokenizer(TokenizerConfig(min_count=1), [TRAIN])


def store_of(text: str, tokenizer: VocabularyTokenizer) -> TokenStore:
    document = text_document(text, name="text")
    corpus = Corpus(description="text", open_documents=lambda: iter([document]))
    return build_store(corpus, tokenizer, folder=None)


def test_seen_note_of_the_training_text_itself(tokenizer: VocabularyTokenizer) -> None:
    train = store_of(TRAIN, tokenizer)

    assert seen_note(train, train=train) == "this is the text that the model was trained on"


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("".join(TRAIN.splitlines(keepends=True)[50:120]), 1.0),  # a part
        (TRAIN + random_lines(300), 0.5),  # the training part of a text that was split
        (random_lines(300), 0.0),
        (TRAIN[:90], 0.0),  # too short to tell
    ],
)
def test_seen_share_counts_passages(
    text: str, share: float, tokenizer: VocabularyTokenizer
) -> None:
    train = store_of(TRAIN, tokenizer)
    store = store_of(text, tokenizer)

    assert seen_share(store, train=train) == pytest.approx(share, abs=0.07)
    assert (seen_note(store, train=train) is None) == (share < 0.25)


def store_of_documents(texts: list[str], tokenizer: VocabularyTokenizer) -> TokenStore:
    documents = [text_document(text, name="text") for text in texts]
    corpus = Corpus(description="texts", open_documents=lambda: iter(documents))
    return build_store(corpus, tokenizer, folder=None)


def test_shared_documents_are_long_or_a_quarter_of_a_text(tokenizer: VocabularyTokenizer) -> None:
    greeting, long, others = "w1 w2\n", random_lines(20), [random_lines(20) for _ in range(4)]

    def shared(one: list[str], other: list[str]) -> list[int]:
        stores = [store_of_documents(texts, tokenizer) for texts in (one, other)]
        return shared_documents(stores[0], other=stores[1])

    assert shared(["", *others[:2], long], [long, *others[2:]]) == [3]
    assert shared([greeting, *others[:2]], [*others[2:], greeting]) == []
    assert shared([greeting, *others[:2]], [greeting]) == [0]


def test_shares_passages_of_either_text(tokenizer: VocabularyTokenizer) -> None:
    train = store_of(TRAIN, tokenizer)
    part = store_of("".join(TRAIN.splitlines(keepends=True)[50:120]), tokenizer)

    assert shares_passages(train, other=part)
    assert shares_passages(part, other=train)
    assert not shares_passages(store_of(random_lines(300), tokenizer), other=train)
