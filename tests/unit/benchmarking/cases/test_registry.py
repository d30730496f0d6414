import pytest

from nextword.base import ConfigError
from nextword.benchmarking import CASES, DEFAULT_CASE, Case, StepCase, find_cases


def names(cases: list[Case]) -> list[str]:
    return [case.name for case in cases]


def test_cases_have_names_of_their_own_and_a_line_each() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.summary and "\n" not in case.summary for case in CASES)
    assert DEFAULT_CASE in names(list(CASES))


def test_find_cases_gives_the_order_of_the_registry_and_each_once() -> None:
    found = find_cases(["layers-gru", "step-char", "layers-*"])

    assert names(found) == [
        "step-char",
        "layers-lstm",
        "layers-gru",
        "layers-elman",
        "layers-min-gru",
        "layers-min-lstm",
    ]


def test_find_cases_all_is_every_one() -> None:
    assert find_cases(["all"]) == list(CASES)


def test_find_cases_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match="there is no case 'step-chars'") as got:
        find_cases(["step-char", "step-chars"])

    assert got.value.help == "Did you mean 'step-char'? See nextword bench --list."


def test_case_without_kernels_hides_them() -> None:
    hidden = [case.name for case in CASES if isinstance(case, StepCase) and case.hidden_modules]

    assert hidden == ["step-lstm-medium-without-kernels"]
