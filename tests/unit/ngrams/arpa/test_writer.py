import io
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import store_of, tokenizer_of
from naive_ngrams import naive_arpa
from nextword.base import DataError
from nextword.ngrams import (
    NgramTables,
    arpa_text,
    count_ngrams,
    kneser_ney,
    maximum_likelihood,
    read_arpa,
    sentences_of,
)
from nextword.tokens import Direction, Tokenizer, TokenizerKind, Vocabulary, VocabularyTokenizer
from nextword.tokens.config import Split
from strategies import sentences as texts

TOKENIZER = tokenizer_of("w0 w1 w2 w3\n")


def words_of(tokenizer: Tokenizer) -> list[str]:
    return [tokenizer.token_text(number) for number in range(tokenizer.vocab_size)]


def estimated(text: str, *, order: int, prune: tuple[int, ...] = ()) -> NgramTables:
    counts = count_ngrams(sentences_of(store_of(TOKENIZER, text), TOKENIZER), order=order)
    return kneser_ney(counts, never_ids=TOKENIZER.never_ids, prune=prune).tables


def written(tables: NgramTables, tokenizer: Tokenizer = TOKENIZER) -> str:
    return "".join(arpa_text(tables, tokenizer=tokenizer))


def tables_of(tokenizer: Tokenizer, text: str) -> NgramTables:
    counts = count_ngrams(sentences_of(store_of(tokenizer, text), tokenizer), order=2)
    return kneser_ney(counts, never_ids=tokenizer.never_ids).tables


@settings(max_examples=50)
@given(texts(4), st.integers(1, 4), st.sampled_from([(), (0, 1)]))
def test_arpa_text_read_again_loses_no_bit(text: str, order: int, prune: tuple[int, ...]) -> None:
    tables = estimated(text + "w0 w1 w2\n", order=order, prune=prune[:order])

    again = read_arpa(io.BytesIO(written(tables).encode()), name="model.arpa")

    assert again.tokenizer.fingerprint == TOKENIZER.fingerprint
    for name, values in again.tables.arrays().items():
        np.testing.assert_array_equal(values, tables.arrays()[name])


def test_arpa_text_random_numbers_lose_no_bit() -> None:
    generator = np.random.default_rng(0)
    tables = estimated("w0 w1\n", order=1)
    values = -np.exp(generator.normal(size=(3000, tables.vocab_size))).astype(np.float32)
    values[:, [0, 2]] = -np.inf
    for log_probs in values:
        changed = replace(tables, log_probs=(log_probs,))
        again = read_arpa(io.BytesIO(written(changed).encode()), name="model.arpa")
        np.testing.assert_array_equal(again.tables.log_probs[0], log_probs)


def test_arpa_text_has_the_parts_of_the_format() -> None:
    lines = written(estimated("w0\n", order=2)).splitlines()

    assert lines[:3] == ["\\data\\", "ngram 1=7", "ngram 2=2"]
    assert lines[4] == "\\1-grams:"
    assert lines[6].startswith("0\t<s>\t")
    assert lines[-1] == "\\end\\"


def test_arpa_text_impossible_is_written_as_minus_99() -> None:
    counts = count_ngrams(sentences_of(store_of(TOKENIZER, "w0\n"), TOKENIZER), order=2)

    entries = naive_arpa(written(maximum_likelihood(counts)))

    assert entries[("w1",)] == (-99.0, 0.0)
    assert entries[("w0",)][1] == -99.0


TEXT = "ab a\tå\u00a0\v<0x20>\n\n\0b\n"


@pytest.mark.parametrize(
    ("kind", "closed"), [("word", False), ("word", True), ("character", False), ("byte", False)]
)
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_arpa_text_read_again_cuts_texts_into_the_same_tokens(
    kind: TokenizerKind, closed: bool, direction: Direction
) -> None:
    text = TEXT.replace("\0", "") if kind == "word" else TEXT
    tokenizer = tokenizer_of(text, kind=kind, closed=closed, direction=direction)
    tables = tables_of(tokenizer, text)

    again = read_arpa(io.BytesIO(written(tables, tokenizer).encode()), name="model.arpa")

    assert again.tokenizer.fingerprint == tokenizer.fingerprint
    for name, values in again.tables.arrays().items():
        np.testing.assert_array_equal(values, tables.arrays()[name])


@pytest.mark.parametrize("split", ["whitespace", "words"])
@pytest.mark.parametrize("lowercase", [False, True])
def test_arpa_text_read_again_splits_and_lowers_words_alike(split: Split, lowercase: bool) -> None:
    text = "The Cat, the cat.\n"
    tokenizer = tokenizer_of(text, split=split, lowercase=lowercase)
    tables = tables_of(tokenizer, text)

    again = read_arpa(io.BytesIO(written(tables, tokenizer).encode()), name="model.arpa")

    assert again.tokenizer.fingerprint == tokenizer.fingerprint
    assert again.tokenizer.encode(text).ids.tolist() == tokenizer.encode(text).ids.tolist()


def test_arpa_text_blanks_are_spelt_by_their_code() -> None:
    tokenizer = tokenizer_of("a b\n", kind="character")

    entries = naive_arpa(written(tables_of(tokenizer, "a b\n"), tokenizer))

    assert {ngram[0] for ngram in entries if len(ngram) == 1} == {
        *("<unk>", "<s>", "</s>", "a", "b", "<0x20>", "<0x0A>")
    }


@pytest.mark.parametrize("word", ["<UNK>"])
def test_arpa_text_word_that_readers_mistake_is_refused(word: str) -> None:
    # Tokenizers of the first layout could have words with a NUL in them.
    tokens = ("<pad>", "<unk>", "<s>", "</s>", "w0", word)
    tokenizer = VocabularyTokenizer(Vocabulary(kind="word", layout=1, tokens=tokens))

    with pytest.raises(
        DataError, match=re.escape(f"the word {word!r} cannot be written in an ARPA")
    ):
        arpa_text(tables_of(tokenizer, "w0\n"), tokenizer=tokenizer)


def test_arpa_text_byte_pairs_are_refused() -> None:
    tokenizer = tokenizer_of("abab abab\n", kind="bpe")

    with pytest.raises(DataError, match="cannot store the merges of a bpe tokenizer"):
        arpa_text(tables_of(tokenizer, "abab\n"), tokenizer=tokenizer)
