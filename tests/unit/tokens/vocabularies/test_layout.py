import tokenizers

from nextword.tokens.vocabularies.layout import Vocabulary, build, byte_alphabet
from nextword.tokens.vocabularies.specials import SPECIAL_TOKENS


def test_byte_alphabet_is_the_one_of_hugging_face() -> None:
    assert sorted(byte_alphabet()) == sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())


def test_byte_alphabet_order_is_the_order_of_the_bytes() -> None:
    splitter = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)

    for text in ("\x00\n \x7f", "é€", "😀\u00ad"):
        [(signs, _)] = splitter.pre_tokenize_str(text)
        assert signs == "".join(byte_alphabet()[byte] for byte in text.encode())


def test_build_word_layout_reads_lines_through_hugging_face() -> None:
    vocabulary = Vocabulary(kind="word", tokens=(*SPECIAL_TOKENS, "the"))

    assert build(vocabulary).encode("the <s>\nthe</s> </s>\n").ids == [4, 1, 3, 1, 1, 3]


def test_build_has_no_added_tokens() -> None:
    vocabulary = Vocabulary(kind="word", tokens=(*SPECIAL_TOKENS, "the"))

    assert build(vocabulary).get_added_tokens_decoder() == {}


def test_build_bpe_layout_limits_the_length_of_what_is_merged() -> None:
    splitter = build(Vocabulary(kind="bpe", tokens=(*SPECIAL_TOKENS, *byte_alphabet())))
    text = "x" * 1000 + "字" * 500 + " " * 999 + "!?" * 700 + "\n"

    parts = splitter.pre_tokenizer.pre_tokenize_str(text)

    assert max(len(part) for part, _ in parts) == 252
    assert "".join(part for part, _ in parts) == "".join(
        byte_alphabet()[byte] for byte in text.encode()
    )
