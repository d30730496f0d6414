import pytest

from benchmark_cases import GROWTH, TINY_EFFORT, spread
from nextword.benchmarking import Row
from nextword.benchmarking.cases.growth import with_exponents


def row(at: int | None, seconds: float) -> Row:
    return Row(name="nextword", precision="float32", seconds=spread(seconds), at=at)


def test_growth_case_has_a_curve_of_each() -> None:
    result = GROWTH.measure(TINY_EFFORT, on_progress=lambda *_, **__: None)

    assert [(each.name, each.at) for each in result.rows] == [
        ("nextword", 2),
        ("nextword", 4),
        ("torch, allocator set", 2),
        ("torch, allocator set", 4),
    ]
    assert [each.exponent is None for each in result.rows] == [True, False, True, False]
    assert result.rows[0].ratio is None
    assert (result.axis, result.kind) == ("bptt_steps", "growth")


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_with_exponents_finds_the_power(power: float) -> None:
    rows = with_exponents([row(size, 0.1 * size**power) for size in (1, 3, 6)])

    assert rows[0].exponent is None
    assert [each.exponent for each in rows[1:]] == pytest.approx([power] * 2)


def test_with_exponents_of_nothing_that_grows_is_none() -> None:
    assert [each.exponent for each in with_exponents([row(None, 1.0), row(None, 2.0)])] == [
        None,
        None,
    ]
