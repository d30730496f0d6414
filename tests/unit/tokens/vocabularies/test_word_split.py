"""Splitting a text into words and punctuation."""

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from nextword.tokens import TokenizerConfig, VocabularyTokenizer, train_tokenizer
from nextword.tokens.vocabularies import TextSplitter, count_gaps_lost

#: Words, punctuation, capitals, special tokens in any case, bytes that are not UTF-8.
PARTS = st.sampled_from(
    [
        *("the", "The", "end", "\u00e9", "l'an", "1,000", "\u0939\u093f\u0928", "\udcff"),
        *(",", "...", "--", "(", ")", '"', " ", "  ", "\n", "\t", "\xa0", "\0"),
        *("<unk>", "<UNK>", "<S>", "</S>", "<", "s", ">"),
    ]
)
TEXTS = st.lists(PARTS, max_size=12).map(lambda parts: "".join(parts) + "\n")
TRAINING_TEXT = "The end, the (é) l'an ... 1,000 -- <unk> \u0939\u093f\u0928\u094d\u0926\u0940\n"


def tokenizer_of(split: str, *, lowercase: bool, closed: bool = False) -> VocabularyTokenizer:
    config = TokenizerConfig(split=split, lowercase=lowercase, closed=closed, min_count=1)  # type: ignore[arg-type]
    return train_tokenizer(config, [TRAINING_TEXT])


KINDS = [("words", False), ("words", True), ("whitespace", True)]
TOKENIZERS = {
    (*kind, closed): tokenizer_of(kind[0], lowercase=kind[1], closed=closed)
    for kind in KINDS
    for closed in (False, True)
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("le comte, le comte.\n", ["le", "comte", ",", "le", "comte", ".", "\n"]),
        ("don't l\u2019an 'so'", ["don't", "l\u2019an", "'", "so", "'"]),
        ("1,000 3.14m 1, 2", ["1,000", "3.14m", "1", ",", "2"]),
        ("well-known -- Ah...!!", ["well", "-", "known", "--", "Ah", "...", "!!"]),
        (
            "\u0939\u093f\u0928\u094d\u0926\u0940\u3002",
            ["\u0939\u093f\u0928\u094d\u0926\u0940", "\u3002"],
        ),
        ("a\xa0b\0c \u2028d", ["a", "b", "c", "d"]),
        ("<unk> x<unk>", ["<unk>", "x", "<", "unk", ">"]),
        ("", []),
    ],
)
def test_split_separates_words_and_punctuation(text: str, words: list[str]) -> None:
    assert [word for word, _ in TextSplitter().split(text)] == words


@pytest.mark.parametrize(
    ("text", "lost"),
    [("Ah, (the) end.\n", 0), ("a  b", 1), ("a ,b", 2), (" a\t\n", 2), ("a\tb", 1), ("", 0)],
)
def test_count_gaps_lost_counts_what_decoding_changes(text: str, lost: int) -> None:
    assert count_gaps_lost(text, TextSplitter().split(text)) == lost


@pytest.mark.parametrize("kind", TOKENIZERS)
@given(text=TEXTS)
def test_encode_returns_the_ids_of_hugging_face(kind: tuple[str, bool, bool], text: str) -> None:
    tokenizer = TOKENIZERS[kind]
    text = text.replace("\udcff", "\ufffd")

    written = tokenizers.Tokenizer.from_str(tokenizer.to_json())

    expected = written.encode(text, add_special_tokens=False).ids
    assert tokenizer.encode(text).ids.tolist() == expected
    assert VocabularyTokenizer.from_json(tokenizer.to_json()).fingerprint == tokenizer.fingerprint


@pytest.mark.parametrize("kind", [kind for kind in TOKENIZERS if kind[0] == "words"])
@given(text=TEXTS)
def test_no_known_text_counts_as_lost_only_if_decoding_restores_it(
    kind: tuple[str, bool, bool], text: str
) -> None:
    tokenizer = TOKENIZERS[kind]

    encoding = tokenizer.encode(text)

    if not encoding.unknown.any():
        assert (encoding.num_characters_lost == 0) == (tokenizer.decode(encoding.ids) == text)
    assert len(tokenizer.offsets(text)) == len(encoding.ids)


def test_lower_case_is_lost_in_known_words_only() -> None:
    tokenizer = tokenizer_of("whitespace", lowercase=True)

    encoding = tokenizer.encode("THE ZEBRA end,\n")

    assert encoding.unknown.tolist() == [False, True, False, False]
    assert encoding.num_characters_lost == 3


def test_vocabulary_counts_words_in_lower_case() -> None:
    config = TokenizerConfig(split="words", lowercase=True)

    tokenizer = train_tokenizer(config, ["The end, the End.\n"])

    assert tokenizer.token_text(4) == "end"
    assert tokenizer.vocab_size == 6
    assert tokenizer.description == "word (6, open, punctuation split, lower case)"
