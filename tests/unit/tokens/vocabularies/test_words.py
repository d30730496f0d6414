import pytest

from nextword.tokens.vocabularies.words import fold_word, split_words, unfold_word, word_separators


def test_split_words_separates_at_the_signs_of_lmplz_alone() -> None:
    signs = [chr(number) for number in range(128) if len(split_words(b"a%cb" % number)) == 2]

    assert signs == sorted(word_separators(2)) == ["\0", "\t", "\n", "\r", " "]


def test_split_words_of_layout_1_separates_at_ascii_white_space() -> None:
    signs = [chr(number) for number in range(128) if len(split_words(b"a%cb" % number, 1)) == 2]

    assert signs == sorted(word_separators(1)) == ["\t", "\n", "\v", "\f", "\r", " "]


@pytest.mark.parametrize("layout", [1, 2])
def test_unfold_word_gives_back_what_was_folded(layout: int) -> None:
    word = bytes(number for number in range(0x80) if chr(number) not in "\0\t\n\v\f\r ")
    word += "\v\fé€😀".encode() if layout == 2 else "é€😀".encode()

    assert split_words(word, layout) == [fold_word(word, layout)]
    assert unfold_word(fold_word(word, layout), layout) == word
