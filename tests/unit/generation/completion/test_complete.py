"""Finishing a partial word, with vocabularies of words and of smaller pieces."""

import pytest
import torch

from fakes import ConstantModel, HashModel, tokenizer_of
from nextword.base import ConfigError
from nextword.generation import complete, next_tokens
from nextword.tokens import Tokenizer, TokenizerConfig, train_tokenizer

WORDS = tokenizer_of("to tea ten a toad\n")


class Chain(ConstantModel):
    """After each token one other is certain; what follows is given as pairs of texts."""

    def __init__(self, tokenizer: Tokenizer, pairs: dict[str, dict[str, float]]) -> None:
        size = tokenizer.vocab_size
        super().__init__([1.0 / size] * size, boundary_id=tokenizer.boundary_id)
        self.never_ids = tokenizer.never_ids
        self.table = torch.full((size, size), 1.0 / size)
        for before, after in pairs.items():
            row = torch.zeros(size)
            for text, share in after.items():
                row[tokenizer.id_of(text)] = share
            self.table[tokenizer.id_of(before)] = row

    def next_log_probs(self, token_ids, state, lengths=None):  # type: ignore[no-untyped-def]
        _, after = super().next_log_probs(token_ids, state, lengths)
        return self.table[token_ids].log(), after


def hash_model(tokenizer: Tokenizer) -> HashModel:
    return HashModel(tokenizer.vocab_size, boundary_id=tokenizer.boundary_id)


def test_complete_gives_only_words_that_begin_so_most_probable_first() -> None:
    pairs = complete(hash_model(WORDS), WORDS, context="a te", k=5)

    assert {word for word, _ in pairs} == {"tea", "ten"}
    assert pairs[0][1] >= pairs[1][1]


def test_complete_has_the_model_s_own_probability_after_what_stands_before() -> None:
    model = hash_model(WORDS)
    expected = dict(next_tokens(model, WORDS, context="a ten", k=100))

    pairs = complete(model, WORDS, context="a ten to", k=5)

    assert dict(pairs) == pytest.approx({word: expected[word] for word in ("to", "toad")})


def test_complete_unknown_beginning_gives_nothing() -> None:
    assert complete(hash_model(WORDS), WORDS, context="a zz") == []


def test_complete_special_tokens_are_no_words() -> None:
    assert complete(hash_model(WORDS), WORDS, context="<") == []


@pytest.mark.parametrize("context", ["", "a ", "a\n"])
def test_complete_nothing_begun_is_the_next_word(context: str) -> None:
    model = hash_model(WORDS)

    pairs = complete(model, WORDS, context=context, k=3)

    tokens = next_tokens(model, WORDS, context=context, k=100)
    expected = [(token, share) for token, share in tokens if token != "</s>"]
    assert pairs == [(word, pytest.approx(share)) for word, share in expected[:3]]


def test_complete_of_characters_goes_on_to_the_blank() -> None:
    letters = tokenizer_of("abcd \n", kind="character")
    model = Chain(
        letters,
        {
            " ": {"a": 1.0},
            "a": {"b": 0.75, "c": 0.25},
            "b": {"d": 1.0},
            "c": {" ": 1.0},
            "d": {" ": 0.5, "\n": 0.5},
        },
    )

    pairs = complete(model, letters, context="d a", k=2)

    assert pairs == [("abd", pytest.approx(0.75)), ("ac", pytest.approx(0.25))]


def test_complete_of_characters_may_be_complete_already() -> None:
    letters = tokenizer_of("abcd \n", kind="character")
    ends = {" ": 0.5, "\n": 0.25, "b": 0.25}
    model = Chain(letters, {" ": {"a": 1.0}, "a": ends, "b": {" ": 1.0}})

    pairs = complete(model, letters, context="d a", k=3)

    assert pairs == [("a", pytest.approx(0.75)), ("ab", pytest.approx(0.25))]


def test_complete_of_characters_after_a_blank_is_a_new_word() -> None:
    letters = tokenizer_of("abcd \n", kind="character")
    model = Chain(letters, {" ": {"a": 1.0}, "a": {"b": 1.0}, "b": {"\n": 1.0}})

    assert complete(model, letters, context="d ", k=1) == [("ab", pytest.approx(1.0))]


def test_complete_that_never_ends_gives_nothing() -> None:
    letters = tokenizer_of("abcd \n", kind="character")
    model = Chain(letters, {" ": {"a": 1.0}, "a": {"a": 1.0}})

    assert complete(model, letters, context="d a", k=1) == []


def test_complete_k_below_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="k is 0; it must be at least 1"):
        complete(hash_model(WORDS), WORDS, context="a", k=0)


def test_complete_with_a_tokenizer_of_lower_case_reads_the_beginning_in_lower_case() -> None:
    lower = train_tokenizer(TokenizerConfig(lowercase=True, min_count=1), ["To tea TEN a toad\n"])

    assert complete(hash_model(lower), lower, context="A Te") == complete(
        hash_model(lower), lower, context="a te"
    )
    assert {word for word, _ in complete(hash_model(lower), lower, context="a TE")} == {
        "tea",
        "ten",
    }
