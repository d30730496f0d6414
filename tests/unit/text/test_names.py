from pathlib import Path

from nextword.text.names import shown_name


def test_shown_name_bytes_that_are_not_utf8_can_be_printed() -> None:
    assert shown_name(Path("a/caf\udce9.txt")) == "a/caf\\xe9.txt"


def test_shown_name_long_name_is_shortened() -> None:
    shown = shown_name("a" * 5000 + ".txt")

    assert len(shown) < 250
    assert shown.endswith(".txt (5,004 characters)")
