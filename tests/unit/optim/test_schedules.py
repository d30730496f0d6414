import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.optim import Plateau, ScheduleConfig, schedule_share

shares = st.floats(0.0, 1.0)
kinds = st.sampled_from(["constant", "cosine", "one_cycle", "plateau"])
configs = st.builds(ScheduleConfig, kind=kinds, warmup_share=shares, final_share=shares)
lengths = st.integers(1, 500)
PLATEAU = ScheduleConfig(kind="plateau", plateau_factor=0.5, plateau_patience=2)


def curve(config: ScheduleConfig, num_steps: int) -> list[float]:
    return [schedule_share(config, step=step, num_steps=num_steps) for step in range(num_steps)]


@given(configs, st.integers(0, 1000), lengths)
def test_schedule_share_lies_between_zero_and_one(
    config: ScheduleConfig, step: int, num_steps: int
) -> None:
    assert 0.0 <= schedule_share(config, step=step, num_steps=num_steps) <= 1.0 + 1e-12


@given(configs, lengths)
def test_schedule_share_rises_in_the_warm_up_and_falls_after(
    config: ScheduleConfig, num_steps: int
) -> None:
    values = curve(config, num_steps)
    num_rising = round(config.warmup_share * num_steps)

    assert values[:num_rising] == sorted(values[:num_rising])
    assert values[num_rising:] == sorted(values[num_rising:], reverse=True)


@given(configs.filter(lambda config: config.kind != "one_cycle"), lengths)
def test_schedule_share_warm_up_is_a_straight_line_from_above_zero(
    config: ScheduleConfig, num_steps: int
) -> None:
    num_rising = round(config.warmup_share * num_steps)

    rising = curve(config, num_steps)[:num_rising]

    assert rising == pytest.approx([(step + 1) / num_rising for step in range(num_rising)])


@given(st.sampled_from(["cosine", "one_cycle"]), st.floats(0.0, 0.4), shares, lengths)
def test_schedule_share_ends_at_the_final_share(
    kind: str, warmup_share: float, final_share: float, num_steps: int
) -> None:
    config = ScheduleConfig(
        kind=kind,  # type: ignore[arg-type]  # one of the four
        warmup_share=warmup_share,
        final_share=final_share,
    )

    assert schedule_share(config, step=num_steps, num_steps=num_steps) == pytest.approx(final_share)


@pytest.mark.parametrize("kind", ["constant", "plateau"])
def test_schedule_share_constant_stays_at_the_top(kind: str) -> None:
    config = ScheduleConfig(kind=kind, warmup_share=0.0)  # type: ignore[arg-type]

    assert set(curve(config, 50)) == {1.0}


def test_schedule_share_cosine_is_half_way_in_the_middle() -> None:
    config = ScheduleConfig(kind="cosine", warmup_share=0.0, final_share=0.2)

    assert schedule_share(config, step=50, num_steps=100) == pytest.approx(0.6)


def test_schedule_share_one_cycle_peaks_once_at_the_end_of_the_rise() -> None:
    config = ScheduleConfig(kind="one_cycle", warmup_share=0.3, final_share=0.1)

    values = curve(config, 100)

    assert values[29] == values[30] == max(values) == 1.0
    assert 0.1 < values[0] < 0.11
    assert values[14] == pytest.approx(0.55)


def observe_all(plateau: Plateau, figures: list[float]) -> list[float]:
    seen = []
    for figure in figures:
        plateau.observe(figure)
        seen.append(plateau.share)
    return seen


def test_plateau_cuts_after_its_patience_and_counts_anew() -> None:
    shares_seen = observe_all(Plateau(PLATEAU), [5.0, 5.0, 5.0, 5.0, 5.0])

    assert shares_seen == [1.0, 1.0, 0.5, 0.5, 0.25]


def test_plateau_improvement_resets_the_patience() -> None:
    assert observe_all(Plateau(PLATEAU), [5.0, 6.0, 4.0, 6.0, 3.0]) == [1.0] * 5


def test_plateau_not_a_number_is_no_improvement() -> None:
    assert observe_all(Plateau(PLATEAU), [5.0, math.nan, math.nan])[-1] == 0.5


@pytest.mark.parametrize("kind", ["constant", "cosine", "one_cycle"])
def test_plateau_of_another_schedule_does_nothing(kind: str) -> None:
    plateau = Plateau(ScheduleConfig(kind=kind))  # type: ignore[arg-type]

    assert observe_all(plateau, [5.0, 6.0, 7.0, 8.0]) == [1.0] * 4


@given(st.lists(st.floats(0.0, 10.0), max_size=12), st.lists(st.floats(0.0, 10.0), max_size=12))
def test_plateau_state_goes_on_the_same(first: list[float], rest: list[float]) -> None:
    plateau, other = Plateau(PLATEAU), Plateau(PLATEAU)
    observe_all(plateau, first)

    other.load_state_values(dict(plateau.state_values()))

    assert other.share == plateau.share
    assert observe_all(other, rest) == observe_all(plateau, rest)
