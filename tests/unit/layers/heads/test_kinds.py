import pytest

from nextword.base import ConfigError
from nextword.layers import FullSoftmax, OutputConfig, register_output
from registries import registries_restored


class Mine(FullSoftmax):
    """An output from outside."""


def test_register_output_is_what_the_settings_build() -> None:
    with registries_restored():
        register_output("mine", Mine)
        config = OutputConfig(kind="mine")

        assert config.resolved(vocab_size=200_000) == config
        assert config.factory(vocab_size=200_000) is Mine


@pytest.mark.parametrize("name", ["auto", "full"])
def test_register_output_name_of_nextword_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"kind '{name}' is built in"):
        register_output(name, Mine)
