import pytest

from nextword.api.adaptation import require_tunable
from nextword.base import ConfigError


@pytest.mark.parametrize(
    ("kinds", "fixed", "message"),
    [
        (["cache"], ["cache.theta", "cache.weight"], "nothing is left to tune"),
        (["cache"], ["theta"], "'theta' is not a tuned setting"),
        (["cache"], ["cache.size"], "'cache.size' is not a tuned setting"),
    ],
)
def test_require_tunable_refuses(kinds: list[str], fixed: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        require_tunable(kinds, fixed=fixed)


@pytest.mark.parametrize("kinds", [["cache", "dynamic"], ["dynamic"], []])
def test_require_tunable_accepts_settings_of_one_adaptation(kinds: list[str]) -> None:
    require_tunable(kinds, fixed=["cache.theta", "cache.weight"])
