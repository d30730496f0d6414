import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from fakes import uniform_model
from nextword.base import ConfigError, DivergedError
from nextword.generation import SamplingConfig, filter_log_probs, sample
from nextword.generation.sampling import (
    apply_temperature,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    keep_typical_p,
    penalise_repetition,
)
from strategies import distributions

WEIGHTS = st.lists(st.integers(0, 20), min_size=1, max_size=12).filter(any)


def log_probs_of(probabilities: list[float]) -> Tensor:
    return torch.tensor([probabilities], dtype=torch.float64).log()


def kept_ids(scores: Tensor) -> set[int]:
    return set(torch.isfinite(scores[0]).nonzero().squeeze(1).tolist())


def nothing_seen(log_probs: Tensor) -> Tensor:
    return torch.zeros(log_probs.shape, dtype=torch.bool)


def generators(num_rows: int, *, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, row]) for row in range(num_rows)]


@given(probabilities=distributions(), top_k=st.integers(1, 15))
def test_keep_top_k_any_distribution_keeps_those_that_fewer_than_k_beat(
    probabilities: list[float], top_k: int
) -> None:
    kept = kept_ids(keep_top_k(log_probs_of(probabilities), top_k))

    assert kept == {
        token_id
        for token_id, share in enumerate(probabilities)
        if share > 0 and sum(other > share for other in probabilities) < top_k
    }


@given(
    weights=st.lists(st.integers(0, 20), min_size=1, max_size=12).filter(any),
    eighths=st.integers(0, 8),
)
def test_keep_min_p_any_distribution_keeps_shares_of_the_highest(
    weights: list[int], eighths: int
) -> None:
    # Just below the limit, so that rounding cannot decide a tie.
    min_p = eighths / 8 - 1e-9 if eighths else 0.0
    probabilities = [weight / sum(weights) for weight in weights]

    kept = kept_ids(keep_min_p(log_probs_of(probabilities), min_p))

    assert kept == {
        token_id
        for token_id, weight in enumerate(weights)
        if weight and 8 * weight >= eighths * max(weights)
    }


@given(weights=WEIGHTS, data=st.data())
def test_keep_top_p_any_distribution_keeps_the_fewest_that_hold_enough(
    weights: list[int], data: st.DataObject
) -> None:
    total = sum(weights)
    wanted = data.draw(st.integers(1, total))
    log_probs = log_probs_of([weight / total for weight in weights])

    # Just below the limit, so that rounding cannot decide a tie.
    kept = kept_ids(keep_top_p(log_probs, wanted / total - 1e-9))

    expected: set[int] = set()
    for token_id in sorted(range(len(weights)), key=lambda i: (-weights[i], i)):
        if sum(weights[kept_id] for kept_id in expected) < wanted:
            expected.add(token_id)
    assert kept == expected


def test_keep_top_p_reached_exactly_keeps_no_more() -> None:
    assert kept_ids(keep_top_p(log_probs_of([0.25, 0.5, 0.25]), 0.5)) == {1}
    assert kept_ids(keep_top_p(log_probs_of([0.25, 0.5, 0.25]), 0.75)) == {0, 1}


@given(weights=WEIGHTS, data=st.data())
def test_keep_typical_p_any_distribution_keeps_the_fewest_typical_that_hold_enough(
    weights: list[int], data: st.DataObject
) -> None:
    total = sum(weights)
    wanted = data.draw(st.integers(1, total))
    shares = [weight / total for weight in weights]
    entropy = -sum(share * math.log(share) for share in shares if share)

    # Just below the limit, so that rounding cannot decide a tie.
    kept = kept_ids(keep_typical_p(log_probs_of(shares), wanted / total - 1e-9))

    possible = [token_id for token_id, share in enumerate(shares) if share]
    farness = {i: abs(math.log(shares[i]) + entropy) for i in possible}
    assert wanted <= sum(weights[i] for i in kept)
    assert kept <= set(possible)
    # No removed token is more typical than a kept one, and the least typical one is needed.
    farthest = max(farness[i] for i in kept)
    assert all(farness[i] >= farthest - 1e-9 for i in possible if i not in kept)
    heaviest = max(weights[i] for i in kept if farness[i] >= farthest - 1e-9)
    assert sum(weights[i] for i in kept) - heaviest < wanted


def test_keep_typical_p_can_remove_the_most_probable() -> None:
    assert kept_ids(keep_typical_p(log_probs_of([0.4, 0.2, 0.2, 0.2]), 0.5)) == {1, 2, 3}
    assert kept_ids(keep_typical_p(log_probs_of([0.6, 0.2, 0.2]), 0.5)) == {0}


def test_keep_typical_p_one_keeps_all() -> None:
    assert kept_ids(keep_typical_p(log_probs_of([1.0, 1e-30, 0.0]), 1.0)) == {0, 1}


def test_keep_top_p_one_keeps_the_smallest_tail() -> None:
    assert kept_ids(keep_top_p(log_probs_of([1.0, 1e-30, 0.0]), 1.0)) == {0, 1}


@given(probabilities=distributions(), temperature=st.floats(0.05, 20))
def test_apply_temperature_any_distribution_raises_probabilities_to_a_power(
    probabilities: list[float], temperature: float
) -> None:
    tempered = apply_temperature(log_probs_of(probabilities), temperature).softmax(-1)

    powers = [(share / max(probabilities)) ** (1 / temperature) for share in probabilities]
    expected = [power / sum(powers) for power in powers]
    assert tempered[0].tolist() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(probabilities=distributions())
def test_apply_temperature_zero_leaves_the_first_of_the_most_probable(
    probabilities: list[float],
) -> None:
    kept = kept_ids(apply_temperature(log_probs_of(probabilities), 0.0))

    assert kept == {probabilities.index(max(probabilities))}


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e-12])
def test_apply_temperature_near_zero_is_greedy_without_overflow(temperature: float) -> None:
    tempered = apply_temperature(log_probs_of([0.25, 0.5, 0.0, 0.25]), temperature).softmax(-1)

    assert tempered[0].tolist() == [0.0, 1.0, 0.0, 0.0]


@given(
    probabilities=distributions(zeros=False, min_size=2),
    penalty=st.floats(0.1, 4),
    data=st.data(),
)
def test_penalise_repetition_seen_ids_are_raised_to_the_penalty(
    probabilities: list[float], penalty: float, data: st.DataObject
) -> None:
    flags = st.lists(st.booleans(), min_size=len(probabilities), max_size=len(probabilities))
    seen = data.draw(flags)

    penalised = penalise_repetition(
        log_probs_of(probabilities), torch.tensor([seen]), penalty=penalty
    )

    assert penalised.exp()[0].tolist() == pytest.approx(
        [
            share**penalty if is_seen else share
            for share, is_seen in zip(probabilities, seen, strict=True)
        ]
    )


def test_filter_log_probs_order_is_penalty_temperature_k_min_p_top_p() -> None:
    log_probs = log_probs_of([0.4, 0.25, 0.15, 0.1, 0.06, 0.04])
    seen = torch.tensor([[True, False, False, False, False, False]])
    config = SamplingConfig(repetition_penalty=2.0, temperature=0.5, top_k=4, min_p=0.3, top_p=0.75)

    filtered = filter_log_probs(log_probs, seen, config=config)

    # 0.16 0.25 0.15 0.1 ... squared: 0.0256 0.0625 0.0225 0.01; min-p drops 0.01; the two
    # highest of the rest hold 0.0881 of 0.1106, more than 0.75.
    expected = [0.0256 / 0.0881, 0.0625 / 0.0881, 0, 0, 0, 0]
    assert filtered.exp()[0].tolist() == pytest.approx(expected)


@given(probabilities=distributions())
def test_filter_log_probs_default_gives_the_distribution_back(probabilities: list[float]) -> None:
    log_probs = log_probs_of(probabilities)

    filtered = filter_log_probs(log_probs, nothing_seen(log_probs), config=SamplingConfig())

    assert filtered.exp()[0].tolist() == pytest.approx(probabilities)


@given(
    rows=st.lists(distributions(min_size=5, max_size=5), min_size=2, max_size=4),
    config=st.builds(
        SamplingConfig,
        temperature=st.floats(0, 5),
        top_k=st.integers(1, 5),
        top_p=st.floats(0.01, 1),
        typical_p=st.floats(0.01, 1),
        min_p=st.floats(0, 1),
    ),
)
def test_filter_log_probs_rows_do_not_touch_each_other(
    rows: list[list[float]], config: SamplingConfig
) -> None:
    together = torch.cat([log_probs_of(row) for row in rows])

    filtered = filter_log_probs(together, nothing_seen(together), config=config)

    for row, alone in enumerate(together.split(1)):
        expected = filter_log_probs(alone, nothing_seen(alone), config=config)
        torch.testing.assert_close(filtered[row : row + 1], expected)
        assert expected.exp().sum().item() == pytest.approx(1)


def test_filter_log_probs_all_banned_is_refused() -> None:
    log_probs = torch.full((1, 3), -torch.inf)

    with pytest.raises(ConfigError, match="no token can follow: all 3 are banned"):
        filter_log_probs(log_probs, nothing_seen(log_probs), config=SamplingConfig())


def test_filter_log_probs_nan_is_refused() -> None:
    log_probs = torch.tensor([[0.0, math.nan]])

    with pytest.raises(DivergedError, match=r"NaN for the next token\. Its weights"):
        filter_log_probs(log_probs, nothing_seen(log_probs), config=SamplingConfig())


@given(probabilities=distributions(), seed=st.integers(0, 2**32))
def test_sample_any_distribution_never_gives_an_impossible_id(
    probabilities: list[float], seed: int
) -> None:
    log_probs = log_probs_of(probabilities).expand(20, -1)

    ids = sample(log_probs, generators(20, seed=seed))

    assert all(probabilities[token_id] > 0 for token_id in ids.tolist())


class _Extreme(np.random.Generator):
    """Draws one number for ever."""

    def __init__(self, number: float) -> None:
        super().__init__(np.random.PCG64(0))
        self.number = number

    def random(self) -> float:  # type: ignore[override] # only the plain call is faked
        return self.number


@pytest.mark.parametrize(("number", "expected"), [(0.0, 1), (math.nextafter(1, 0), 3), (1.0, 3)])
@given(weights=st.lists(st.floats(1e-6, 1), min_size=3, max_size=3))
def test_sample_extreme_draws_skip_impossible_ids_at_both_ends(
    weights: list[float], number: float, expected: int
) -> None:
    log_probs = torch.tensor([[0.0, *weights, 0.0, 0.0]]).log()

    assert sample(log_probs, [_Extreme(number)]).tolist() == [expected]


def test_sample_many_draws_follow_the_distribution() -> None:
    probabilities = [0.5, 0.0, 0.2, 0.15, 0.1, 0.05]
    num_draws = 20_000
    log_probs = log_probs_of(probabilities).expand(num_draws, -1)

    counts = torch.bincount(sample(log_probs, generators(num_draws)), minlength=6).tolist()

    chi_square = sum(
        (count - num_draws * share) ** 2 / (num_draws * share)
        for count, share in zip(counts, probabilities, strict=True)
        if share
    )
    # The 99.9 % point of chi-square with 4 degrees of freedom.
    assert chi_square < 18.47


def test_sample_row_draws_the_same_in_any_company() -> None:
    log_probs = uniform_model(50).log_probs.expand(6, -1)

    together = sample(log_probs, generators(6))

    alone = [sample(log_probs[:1], [generator]).item() for generator in generators(6)]
    assert together.tolist() == alone


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"temperature": -0.1}, r"temperature is -0\.1; it must be at least 0"),
        ({"temperature": math.nan}, "temperature is nan; it must be a finite number"),
        ({"top_k": 0}, "top_k is 0; it must be at least 1"),
        ({"top_p": 0.0}, r"top_p is 0\.0; it must be above 0 and at most 1"),
        ({"top_p": 1.5}, r"top_p is 1\.5; it must be above 0 and at most 1"),
        ({"typical_p": 0.0}, r"typical_p is 0\.0; it must be above 0 and at most 1"),
        ({"min_p": -1.0}, r"min_p is -1\.0; it must be at least 0 and at most 1"),
        ({"repetition_penalty": 0.0}, r"repetition_penalty is 0\.0; it must be above 0"),
    ],
)
def test_sampling_config_value_out_of_range_is_refused(
    values: dict[str, float], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        SamplingConfig(**values)
