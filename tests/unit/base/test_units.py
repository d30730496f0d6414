import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import nats_to_bits, perplexity

nats = st.floats(0.0, 500.0)
counts = st.integers(1, 10_000)


def test_nats_to_bits_of_one_bit_is_one() -> None:
    assert nats_to_bits(math.log(2.0)) == 1.0


@given(nats)
def test_nats_to_bits_is_nats_over_ln_2(amount: float) -> None:
    assert nats_to_bits(amount) * math.log(2.0) == pytest.approx(amount, rel=1e-12)


@given(st.integers(1, 10**6), counts)
def test_perplexity_of_a_fair_die_is_its_number_of_sides(sides: int, num_targets: int) -> None:
    assert perplexity(num_targets * math.log(sides), num_targets) == pytest.approx(sides, rel=1e-9)


@given(nats, counts)
def test_perplexity_is_at_least_one(nll_sum: float, num_targets: int) -> None:
    assert perplexity(nll_sum, num_targets) >= 1.0


@given(nats, counts)
def test_perplexity_is_two_to_the_bits(nll_sum: float, num_targets: int) -> None:
    bits = nats_to_bits(nll_sum) / num_targets

    assert perplexity(nll_sum, num_targets) == pytest.approx(2.0**bits, rel=1e-9)


def test_perplexity_overflow_is_infinite() -> None:
    assert perplexity(1000.0, 1) == math.inf


def test_perplexity_impossible_target_is_infinite() -> None:
    assert perplexity(math.inf, 3) == math.inf
