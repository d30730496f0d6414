from hypothesis import given
from hypothesis import strategies as st

from nextword.base import did_you_mean, nearest_name

KNOWN = ["elman", "gru", "lstm-small", "lstm-medium"]
words = st.text("abcdef-", min_size=1, max_size=8)


def test_nearest_name_typo_gives_the_name() -> None:
    assert nearest_name("lstm-smal", KNOWN) == "lstm-small"


def test_nearest_name_nothing_close_gives_none() -> None:
    assert nearest_name("zzz", KNOWN) is None


def test_nearest_name_nothing_known_gives_none() -> None:
    assert nearest_name("elman", []) is None


@given(
    st.sets(words, min_size=1).flatmap(
        lambda known: st.tuples(st.sampled_from(sorted(known)), st.just(known))
    )
)
def test_nearest_name_known_name_gives_itself(case: tuple[str, set[str]]) -> None:
    name, known = case

    assert nearest_name(name, known) == name


@given(words, st.sets(words))
def test_nearest_name_gives_a_known_name_or_none(name: str, known: set[str]) -> None:
    assert nearest_name(name, known) in known | {None}


def test_did_you_mean_typo_asks() -> None:
    assert did_you_mean("elmann", iter(KNOWN)) == "Did you mean 'elman'?"


def test_did_you_mean_nothing_close_lists_sorted() -> None:
    assert did_you_mean("zzz", iter(KNOWN)) == "Known: elman, gru, lstm-medium, lstm-small."
