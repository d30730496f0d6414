from pathlib import Path

import pytest

from nextword.base import ConfigError, checked_path, shortened


@pytest.mark.parametrize(
    "path", ["", "a\0b", "x" * 300, "a/" * 3000 + "b", "\ud800"], ids=lambda path: repr(path[:3])
)
def test_checked_path_that_no_system_holds_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="the path '") as caught:
        checked_path(path)

    assert len(caught.value.message) < 300


def test_checked_path_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")

    with pytest.raises(ConfigError, match="symbolic link"):
        checked_path(tmp_path / "loop")


@pytest.mark.parametrize("path", ["/", "missing/file", "\udcff.txt"])
def test_checked_path_usable_path_is_given_back(path: str) -> None:
    assert checked_path(path) == Path(path)


def test_shortened_long_name_keeps_both_ends() -> None:
    assert shortened("a" * 200 + "z").endswith("az'")
