import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import ConfigError, DataError
from nextword.text import Corpus, split_corpus, text_document

Fractions = tuple[float, float, float]


def corpus_of(*texts: str) -> Corpus:
    documents = [text_document(text, name=f"d{number}") for number, text in enumerate(texts)]
    return Corpus(description="made", open_documents=lambda: iter(documents))


def texts_of(corpus: Corpus) -> list[str]:
    return ["".join(document.pieces()) for document in corpus]


def split_texts(corpus: Corpus, fractions: Fractions) -> list[str]:
    return ["".join(texts_of(part)) for part in split_corpus(corpus, fractions)]


FRACTIONS: st.SearchStrategy[Fractions] = (
    st.tuples(*[st.integers(0, 20)] * 3)
    .filter(any)
    .map(lambda weights: tuple(weight / sum(weights) for weight in weights))
)


@given(
    texts=st.lists(st.text(alphabet="ab \n\u00a0€", max_size=12), max_size=8),
    fractions=FRACTIONS,
)
def test_split_corpus_parts_one_after_the_other_are_the_text(
    texts: list[str], fractions: Fractions
) -> None:
    corpus = corpus_of(*texts)
    whole = "".join(texts)
    if len(whole) < sum(fraction > 0 for fraction in fractions):
        with pytest.raises(DataError, match="too few"):
            split_corpus(corpus, fractions)
        return

    parts = split_texts(corpus, fractions)

    assert "".join(parts) == whole
    assert [bool(part) for part in parts] == [fraction > 0 for fraction in fractions]


def test_split_corpus_many_documents_stay_whole() -> None:
    texts = [f"{number:02}\n" * 3 for number in range(20)]

    train, valid, test = split_corpus(corpus_of(*texts), (0.8, 0.1, 0.1))

    assert [texts_of(train), texts_of(valid), texts_of(test)] == [
        texts[:16],
        texts[16:18],
        texts[18:],
    ]


def test_split_corpus_share_reached_inside_a_document_takes_it_whole() -> None:
    texts = ["a" * 50, "b" * 40, "c" * 10]

    assert split_texts(corpus_of(*texts), (0.6, 0.4, 0.0)) == ["a" * 50 + "b" * 40, "c" * 10, ""]


def test_split_corpus_one_document_is_cut_at_the_nearest_line_ends() -> None:
    lines = [f"line {number:02}\n" for number in range(100)]

    parts = split_texts(corpus_of("".join(lines)), (0.801, 0.1, 0.099))

    assert parts == ["".join(lines[:80]), "".join(lines[80:90]), "".join(lines[90:])]


def test_split_corpus_part_of_a_document_is_named_by_its_characters() -> None:
    train, valid, _ = split_corpus(corpus_of("one\ntwo\n" * 5), (0.5, 0.5, 0.0))

    assert [document.name for document in train] == ["d0 (characters 0 to 20)"]
    assert [document.name for document in valid] == ["d0 (characters 20 to 40)"]
    assert train.description == "made (training part)"


def test_split_corpus_too_few_documents_are_cut_inside() -> None:
    corpus = corpus_of("a\n" * 50, "b\n" * 50)

    assert split_texts(corpus, (0.8, 0.1, 0.1)) == [
        "a\n" * 50 + "b\n" * 30,
        "b\n" * 10,
        "b\n" * 10,
    ]


def test_split_corpus_one_line_is_cut_after_white_space() -> None:
    assert split_texts(corpus_of("one two three four"), (0.5, 0.5, 0.0)) == [
        "one two ",
        "three four",
        "",
    ]


def test_split_corpus_one_word_is_cut_between_characters() -> None:
    assert split_texts(corpus_of("abcdefghij"), (0.5, 0.3, 0.2)) == ["abcde", "fgh", "ij"]


def test_split_corpus_share_of_zero_gives_no_documents() -> None:
    train, valid, test = split_corpus(corpus_of("one\n", "two\n"), (1.0, 0.0, 0.0))

    assert [texts_of(train), texts_of(valid), texts_of(test)] == [["one\n", "two\n"], [], []]


def test_split_corpus_long_document_is_cut_beyond_its_first_piece() -> None:
    text = "word word word\n" * 300_000

    train, valid, test = split_texts(corpus_of(text), (0.9, 0.05, 0.05))

    assert [len(train), len(valid), len(test)] == [4_050_000, 225_000, 225_000]
    assert train + valid + test == text


def test_split_corpus_shares_within_tolerance_are_accepted() -> None:
    parts = split_texts(corpus_of("a\n" * 5_000_000), (0.9, 0.1000009, 0.0))

    assert [len(part) for part in parts] == [9_000_000, 1_000_000, 0]


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ((0.9, 0.2, -0.1), r"0\.9,0\.2,-0\.1 has a share that is not at least 0"),
        ((0.9, 0.05, 0.04), r"sums to 0\.99, not to 1"),
        ((float("nan"), 0.5, 0.5), "not at least 0"),
        ((float("inf"), 0.0, 0.0), "sums to inf"),
    ],
)
def test_split_corpus_wrong_shares_are_refused(fractions: Fractions, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        split_corpus(corpus_of("one\ntwo\nthree\n"), fractions)


def test_split_corpus_empty_corpus_is_refused() -> None:
    with pytest.raises(DataError, match="made has 0 characters; that is too few for 1 parts"):
        split_corpus(corpus_of(), (1.0, 0.0, 0.0))
