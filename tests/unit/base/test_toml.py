import pytest

from nextword.base import ConfigError, parse_override, read_toml


@pytest.mark.parametrize("value", ["[" * 3000, "[" * 40 + "]" * 40])
def test_parse_override_deep_value_names_the_setting(value: str) -> None:
    with pytest.raises(ConfigError, match=r"--set x\.y is nested deeper"):
        parse_override(f"x.y={value}")


def test_parse_override_deep_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="nested deeper"):
        parse_override(".".join("a" * 3000) + "=1")


def test_read_toml_deep_list_names_the_line() -> None:
    with pytest.raises(ConfigError, match=r"mine\.toml, line 3, is nested deeper"):
        read_toml("a = 1\n\nb = " + "[" * 5000, source="mine.toml")


@pytest.mark.parametrize("text", [".".join("a" * 3000) + " = 1", "[" + ".".join("a" * 3000) + "]"])
def test_read_toml_deep_keys_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"mine\.toml is nested deeper"):
        read_toml(text, source="mine.toml")
