import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import DataError
from nextword.tokens.vocabularies.markers import remove_markers

WORDS = st.sampled_from(["<s>", "</s>", "<pad>", "the", "<s>x", "<unk>", "<S>", "a\fb", "\u00a0"])
LINES = st.lists(WORDS, max_size=6)
RESERVED = ("<s>", "</s>", "<pad>")


def removed(text: str, markers: str) -> str:
    return remove_markers(text, markers, name="a.txt")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<s> the cat </s>\n", "the cat\n"),
        ("<s> <s> the  cat </s> </s>\nb\n", "the  cat\nb\n"),
        ("</s> the\tcat\t<pad> <pad>\r\n", "the\tcat\n"),
        ("<s> </s>\n<s>\n", "\n\n"),
        ("<s>the </s>.\n", "<s>the </s>.\n"),
        (" the <unk> \n", " the <unk> \n"),
        ("<s> the", "the"),
    ],
)
def test_remove_markers_strip_takes_them_off_at_line_edges(text: str, expected: str) -> None:
    assert removed(text, "strip") == expected


@pytest.mark.parametrize("word", RESERVED)
@pytest.mark.parametrize("markers", ["refuse", "strip"])
def test_remove_markers_left_inside_a_line_are_refused_with_their_line(
    word: str, markers: str
) -> None:
    with pytest.raises(DataError, match=rf"^a.txt, line 7: the text contains '{word}'") as caught:
        remove_markers(f"a\nthe {word} cat\n", markers, name="a.txt", first_line=6)

    assert "tokenizer.markers=skip" in caught.value.help


@given(lines=st.lists(LINES))
def test_remove_markers_skip_leaves_the_other_words(lines: list[list[str]]) -> None:
    text = "\n".join(map(" ".join, lines))

    found = [line.split(" ") for line in removed(text, "skip").split("\n")]

    kept = [[word for word in line if word not in RESERVED] for line in lines] or [[]]
    assert [[word for word in line if word] for line in found] == kept


@given(lines=st.lists(LINES))
def test_remove_markers_strip_leaves_what_is_inside_or_refuses(lines: list[list[str]]) -> None:
    kept = [list(line) for line in lines]
    for line in kept:
        while line and line[0] in RESERVED:
            del line[0]
        while line and line[-1] in RESERVED:
            del line[-1]
    text = "\n".join(map(" ".join, lines))

    if any(word in RESERVED for line in kept for word in line):
        with pytest.raises(DataError, match="reserved symbol"):
            removed(text, "strip")
    else:
        assert removed(text, "strip") == "\n".join(map(" ".join, kept))


def test_remove_markers_on_a_hostile_line_takes_linear_time() -> None:
    text = "a" + " " * 50_000 + "b " + "<s> " * 5_000 + "c </s>\n"

    assert removed(text, "skip").rstrip() == "a" + " " * 50_000 + "b c"
