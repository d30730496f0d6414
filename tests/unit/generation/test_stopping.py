import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import ConfigError
from nextword.generation import StopScanner
from strategies import cut_texts


def passed(stop: list[str], pieces: list[str]) -> str:
    scanner = StopScanner(stop)
    return "".join([*map(scanner.feed, pieces), scanner.flush()])


def cut_by_definition(stop: list[str], text: str) -> str:
    """Read on until some stop string is complete; cut before the longest that is."""
    for end in range(len(text) + 1):
        complete = [len(word) for word in stop if text[:end].endswith(word)]
        if complete:
            return text[: end - max(complete)]
    return text


STOPS = st.lists(st.text("ab", min_size=1, max_size=4), max_size=3)


@given(stop=STOPS, pieces=cut_texts("abc"))
def test_stop_scanner_any_pieces_give_the_cut_text(stop: list[str], pieces: list[str]) -> None:
    assert passed(stop, pieces) == cut_by_definition(stop, "".join(pieces))


@given(stop=STOPS, pieces=cut_texts("abc"))
def test_stop_scanner_what_passes_early_is_all_that_is_certain(
    stop: list[str], pieces: list[str]
) -> None:
    scanner = StopScanner(stop)

    early = "".join(map(scanner.feed, pieces))

    text = "".join(pieces)
    endings = ["", *stop, *(word[start:] for word in stop for start in range(1, len(word)))]
    shortest = min((cut_by_definition(stop, text + ending) for ending in endings), key=len)
    assert early == shortest
    assert scanner.is_stopped == any(word in text for word in stop)


def test_stop_scanner_beginning_of_a_stop_that_never_ends_first_passes() -> None:
    scanner = StopScanner(["a", "baa"])

    assert scanner.feed("b") == "b"
    assert (scanner.feed("aa"), scanner.is_stopped) == ("", True)


def test_stop_scanner_stop_in_pieces_never_shows() -> None:
    scanner = StopScanner(["\n\n"])

    assert [scanner.feed(piece) for piece in ["one\n", "two\n", "\nthree"]] == [
        *["one", "\ntwo", ""]
    ]
    assert scanner.is_stopped


def test_stop_scanner_after_a_stop_nothing_passes() -> None:
    scanner = StopScanner(["."])

    assert scanner.feed("end. more") == "end"
    assert scanner.feed("even more") == ""
    assert scanner.flush() == ""


def test_stop_scanner_unfinished_stop_comes_with_the_flush() -> None:
    scanner = StopScanner(["END"])

    assert scanner.feed("the EN") == "the "
    assert scanner.flush() == "EN"
    assert not scanner.is_stopped


def test_stop_scanner_empty_stop_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"a stop string is empty.*Leave it out"):
        StopScanner(["a", ""])


def test_stop_scanner_one_string_is_one_stop() -> None:
    scanner = StopScanner("END")

    assert scanner.feed("one END two") == "one "
    assert scanner.is_stopped
