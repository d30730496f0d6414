import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import DataError
from nextword.evaluation import ModelFacts, PerplexityCard, Sums, TextFacts, perplexity_card

FIELDS = [
    "model",
    "family",
    "adaptation",
    "text",
    "tokenizer",
    "num_parameters",
    "num_tokens",
    "num_words",
    "num_characters",
    "num_bytes",
    "num_characters_lost",
    "nll_sum",
    "perplexity",
    "perplexity_per_word",
    "bits_per_token",
    "bits_per_character",
    "bits_per_byte",
    "unknown_rate",
    "perplexity_without_unknown",
    "reset",
    "stride",
    "seconds",
    "tokens_per_second",
    "note",
    "adaptation_settings",
]


def card_of(
    *,
    num_tokens: int = 4,
    num_unknown: int = 0,
    known: float = 4.0,
    unknown: float = 0.0,
    counts_words: bool = True,
    num_words: int = 4,
    num_characters: int = 20,
    num_bytes: int = 40,
    seconds: float = 2.0,
    num_characters_lost: int = 0,
) -> PerplexityCard:
    sums = Sums(
        num_tokens=num_tokens,
        num_unknown=num_unknown,
        known_nll_sum=known,
        unknown_nll_sum=unknown,
        seconds=seconds,
    )
    text = TextFacts(
        text="made.txt",
        tokenizer="word (9, open) 00",
        counts_words=counts_words,
        num_words=num_words,
        num_characters=num_characters,
        num_bytes=num_bytes,
        num_characters_lost=num_characters_lost,
    )
    model = ModelFacts(model="m", family="lstm", num_parameters=7, reset="never")
    return perplexity_card(sums, model=model, text=text)


def test_to_dict_any_card_has_the_fields_of_the_interface_in_order() -> None:
    assert list(card_of().to_dict()) == FIELDS


def test_perplexity_card_known_sums_give_every_figure() -> None:
    card = card_of(num_tokens=8, known=8 * math.log(2), num_words=4)

    assert card.nll_sum == pytest.approx(8 * math.log(2))
    assert card.perplexity == pytest.approx(2)
    assert card.perplexity_per_word == pytest.approx(4)
    assert card.bits_per_token == pytest.approx(1)
    assert card.bits_per_character == pytest.approx(8 / 20)
    assert card.bits_per_byte == pytest.approx(8 / 40)
    assert card.tokens_per_second == pytest.approx(4)


@given(
    known=st.floats(0, 1000),
    unknown=st.floats(0, 1000),
    num_known=st.integers(1, 50),
    num_unknown=st.integers(1, 50),
)
def test_perplexity_card_without_unknown_equals_a_text_of_the_known_targets(
    known: float, unknown: float, num_known: int, num_unknown: int
) -> None:
    mixed = card_of(
        num_tokens=num_known + num_unknown, num_unknown=num_unknown, known=known, unknown=unknown
    )
    alone = card_of(num_tokens=num_known, known=known)

    assert mixed.perplexity_without_unknown == alone.perplexity
    assert mixed.perplexity == pytest.approx(
        math.exp((known + unknown) / (num_known + num_unknown)), rel=1e-12
    )


def test_perplexity_card_all_unknown_leaves_the_rest_undefined() -> None:
    card = card_of(num_unknown=4, known=0.0, unknown=4.0)

    assert card.perplexity_without_unknown is None
    assert card.unknown_rate == 1.0


@pytest.mark.parametrize(("counts_words", "rate"), [(True, 2 / 4), (False, 2 / 10)])
def test_perplexity_card_unknown_rate_is_a_share_of_words_or_tokens(
    counts_words: bool, rate: float
) -> None:
    card = card_of(num_tokens=10, num_unknown=2, unknown=1.0, counts_words=counts_words)

    assert card.unknown_rate == pytest.approx(rate)


def test_perplexity_card_counts_of_zero_leave_ratios_undefined() -> None:
    card = card_of(num_words=0, num_characters=0, num_bytes=0, seconds=0.0)

    assert card.perplexity_per_word is None
    assert card.bits_per_character is None
    assert card.bits_per_byte is None
    assert card.unknown_rate is None
    assert card.tokens_per_second is None


def test_to_dict_infinite_score_is_null_and_still_json() -> None:
    card = card_of(known=math.inf)

    values = json.loads(json.dumps(card.to_dict(), allow_nan=False))

    assert card.perplexity == math.inf
    assert values["nll_sum"] is values["perplexity"] is values["bits_per_token"] is None
    assert values["unknown_rate"] == 0.0


def test_to_dict_impossible_unknown_word_leaves_the_known_figure() -> None:
    values = card_of(num_tokens=5, num_unknown=1, known=4.0, unknown=math.inf).to_dict()

    assert values["perplexity"] is None
    assert values["perplexity_without_unknown"] == pytest.approx(math.e)


def test_to_dict_overflowing_perplexity_keeps_the_finite_sum() -> None:
    values = card_of(num_tokens=1, known=5000.0).to_dict()

    assert values["perplexity"] is None
    assert values["nll_sum"] == 5000.0


def test_perplexity_card_nothing_scored_is_refused() -> None:
    with pytest.raises(DataError, match=r"made\.txt has no tokens to score.*not empty"):
        card_of(num_tokens=0, known=0.0)


@pytest.mark.parametrize("counts_words", [True, False])
def test_perplexity_card_lost_characters_leave_the_figures_of_the_text_undefined(
    counts_words: bool,
) -> None:
    card = card_of(num_characters_lost=3, counts_words=counts_words)

    assert card.num_characters_lost == 3
    assert card.bits_per_character is card.bits_per_byte is None
    assert (card.perplexity_per_word is not None) == counts_words
    assert card.perplexity == pytest.approx(math.e)
