import logging

import pytest

from nextword.tokens.stores.line_signs import LineSigns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<bos> the cat <eos>\nthe <eos>\n<bos> a <eos>\n", ["<eos>", "<bos>"]),
        ("[CLS] the [SEP] cat\n[CLS] a [SEP] b\n", ["[cls]", "[sep]"]),
        ("the cat<|endoftext|>\nthe dog<|endoftext|>\n", ["<|endoftext|>"]),
        ("<turn> the cat\n<turn> the dog\n", ["<turn>"]),
        ("BOS the cat EOS\nBOS a EOS\n", ["BOS", "EOS"]),
        ("\uff5fbos\uff60 the cat\n\uff5fbos\uff60 a\n", ["\uff5fbos\uff60"]),
        ("<PAD> a\n\n<pad> b\n", ["<pad>"]),
        ("the <eos> cat\nthe dog\nthe cow\n", []),
        ("the <b>cat</b> sat\nthe <b>dog</b> ran\n", []),
        ("a <eos>\n", []),
    ],
)
def test_line_signs_usual_names_symbols_on_most_lines(text: str, expected: list[str]) -> None:
    signs = LineSigns()

    signs.read(text)

    assert sorted(signs.usual()) == sorted(expected)


def test_line_signs_warn_names_the_text_and_the_symbols(caplog: pytest.LogCaptureFixture) -> None:
    signs = LineSigns()
    signs.read("<bos> a\n<bos> b\n")

    with caplog.at_level(logging.WARNING):
        signs.warn("a.txt")

    assert "most lines of a.txt contain '<bos>'" in caplog.text
