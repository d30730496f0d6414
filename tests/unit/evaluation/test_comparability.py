import dataclasses

import pytest

from fakes import tokenizer_of
from nextword.evaluation import (
    ModelFacts,
    PerplexityCard,
    Sums,
    TextFacts,
    comparability,
    perplexity_card,
    vocabulary_fingerprint,
)
from nextword.tokens import Tokenizer, TokenizerKind, Vocabulary, VocabularyTokenizer

SPECIALS = ("<pad>", "<unk>", "<s>", "</s>")


def card(
    name: str,
    *,
    num_unknown: int = 0,
    num_words: int = 100,
    num_lost: int = 0,
    counts_words: bool = True,
) -> PerplexityCard:
    sums = Sums(
        num_tokens=100,
        num_unknown=num_unknown,
        known_nll_sum=300.0,
        unknown_nll_sum=2.0 * num_unknown,
        seconds=1.0,
    )
    text = TextFacts(
        text="made.txt",
        tokenizer="word (9, open) 0f",
        counts_words=counts_words,
        num_words=num_words,
        num_characters=500,
        num_bytes=500,
        num_characters_lost=num_lost,
    )
    model = ModelFacts(model=name, family="ngram", num_parameters=1, reset="never")
    return perplexity_card(sums, model=model, text=text)


def word_tokenizer(*words: str, closed: bool = False) -> Tokenizer:
    return VocabularyTokenizer(Vocabulary(kind="word", closed=closed, tokens=(*SPECIALS, *words)))


@pytest.mark.parametrize(
    ("unknown", "vocabularies", "per_token", "per_text"),
    [
        ((0, 0), "aa", True, True),
        ((5, 5), "aa", True, True),
        ((0, 0), "ab", False, True),
        ((0, 5), "ab", False, False),
        ((5, 0), "ab", False, False),
    ],
)
def test_comparability_hangs_on_vocabularies_and_unknown_words(
    unknown: tuple[int, int], vocabularies: str, per_token: bool, per_text: bool
) -> None:
    cards = [card(str(number), num_unknown=count) for number, count in enumerate(unknown)]

    found = comparability(cards, list(vocabularies))

    assert (found.per_token, found.per_text) == (per_token, per_text)
    assert bool(found.reason) != per_token


def test_comparability_one_pair_that_differs_decides_for_all() -> None:
    cards = [card("a"), card("b"), card("c", num_unknown=1)]

    found = comparability(cards, ["x", "x", "y"])

    assert not found.per_text
    assert found.reason == "the vocabularies differ and unknown words were scored (c)"


def test_comparability_different_texts_are_never_compared() -> None:
    found = comparability([card("a"), card("b", num_words=99)], ["x", "x"])

    assert not found.per_token
    assert not found.per_text
    assert "different texts" in found.reason


def test_comparability_one_model_is_comparable_with_itself() -> None:
    assert comparability([card("a", num_unknown=5)], ["x"]).per_token


def test_comparability_adapted_row_of_the_same_model_is_comparable() -> None:
    plain = card("a", num_unknown=5)

    assert comparability(
        [plain, dataclasses.replace(plain, adaptation="cache")], ["x"] * 2
    ).per_token


def test_vocabulary_fingerprint_order_of_words_does_not_matter() -> None:
    one, other = word_tokenizer("red", "house"), word_tokenizer("house", "red")

    assert one.fingerprint != other.fingerprint
    assert vocabulary_fingerprint(one) == vocabulary_fingerprint(other)


def test_vocabulary_fingerprint_closed_text_has_the_same_words() -> None:
    one, other = word_tokenizer("red"), word_tokenizer("red", closed=True)

    assert vocabulary_fingerprint(one) == vocabulary_fingerprint(other)


@pytest.mark.parametrize("kind", ["word", "character", "byte", "bpe"])
def test_vocabulary_fingerprint_direction_does_not_matter(kind: TokenizerKind) -> None:
    one = tokenizer_of("abab\n", kind=kind)
    other = tokenizer_of("abab\n", kind=kind, direction="backward")

    assert one.fingerprint != other.fingerprint
    assert vocabulary_fingerprint(one) == vocabulary_fingerprint(other)


def test_vocabulary_fingerprint_others_differ() -> None:
    tokenizers = [
        word_tokenizer("a", "b"),
        word_tokenizer("a"),
        word_tokenizer("ab"),
        tokenizer_of("ab", kind="character"),
        tokenizer_of(kind="byte"),
        tokenizer_of("abab\n", kind="bpe"),
        tokenizer_of("baba baba\n", kind="bpe"),
    ]

    assert len({vocabulary_fingerprint(each) for each in tokenizers}) == len(tokenizers)


@pytest.mark.parametrize(
    ("lost", "counts_words", "per_text"),
    [
        ((0, 0), False, True),
        ((3, 0), False, False),
        ((3, 3), False, False),
        ((3, 3), True, True),
        ((3, 4), True, False),
        ((3, 0), True, False),
    ],
)
def test_comparability_lost_characters_are_as_unknown_words(
    lost: tuple[int, int], counts_words: bool, per_text: bool
) -> None:
    cards = [card(str(count), num_lost=count, counts_words=counts_words) for count in lost]

    found = comparability(cards, ["x", "y"])

    assert (found.per_token, found.per_text) == (False, per_text)
    assert ("lost in encoding" in found.reason) != per_text
    assert comparability(cards, ["x", "x"]).per_token
