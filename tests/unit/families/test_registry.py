from dataclasses import dataclass, make_dataclass
from typing import Any, Literal

import pytest

from nextword.base import ConfigError, PositiveInt, decode
from nextword.families import (
    NetworkSpec,
    NeuralModelConfig,
    WindowConfig,
    WindowLanguageModel,
    register_family,
)
from nextword.training import RunConfig
from registries import registries_restored


@dataclass(frozen=True, kw_only=True)
class PanesConfig(NeuralModelConfig):
    family: Literal["panes"] = "panes"
    panes: PositiveInt = 4

    def describe(self) -> str:
        return f"{self.panes} panes"

    def build(self, network: NetworkSpec) -> WindowLanguageModel:
        return WindowConfig(window=self.panes).build(network)


def test_register_family_its_settings_are_read_and_strict() -> None:
    with registries_restored():
        register_family(PanesConfig)

        config = decode(RunConfig, {"model": {"family": "panes", "panes": 2}}, source="r.toml")
        with pytest.raises(ConfigError, match=r"unknown setting 'model\.pains'") as caught:
            decode(RunConfig, {"model": {"family": "panes", "pains": 2}}, source="r.toml")

    assert config.model == PanesConfig(panes=2)
    assert caught.value.help == "Did you mean 'model.panes'?"


def test_register_family_its_ranges_are_checked() -> None:
    message = r"model\.panes is 0; it must be at least 1"
    with registries_restored():
        register_family(PanesConfig)

        with pytest.raises(ConfigError, match=f"r.toml: {message}"):
            decode(RunConfig, {"model": {"family": "panes", "panes": 0}}, source="r.toml")
    with pytest.raises(ConfigError, match=message):
        PanesConfig(panes=0)


@pytest.mark.parametrize("name", ["window", "ngram"])
def test_register_family_name_of_nextword_is_refused(name: str) -> None:
    fields = [("family", Literal[name], name)]
    taken: Any = make_dataclass("Taken", fields, bases=(PanesConfig,), frozen=True, kw_only=True)

    with pytest.raises(ConfigError, match=f"model.family '{name}' is built in"):
        register_family(taken)


def test_register_family_twice_is_refused_unless_it_replaces() -> None:
    with registries_restored():
        register_family(PanesConfig)

        with pytest.raises(ConfigError, match="'panes' is already registered"):
            register_family(PanesConfig)
        register_family(PanesConfig, replace=True)


@pytest.mark.parametrize(
    "fields", [[("family", str, "panes")], [("panes", int, 4)]], ids=["no literal", "no family"]
)
def test_register_family_that_does_not_say_its_name_is_refused(fields: list[Any]) -> None:
    class Nameless(NeuralModelConfig):
        describe = PanesConfig.describe
        build = PanesConfig.build

    nameless: Any = make_dataclass("Nameless", fields, bases=(Nameless,))

    with pytest.raises(ConfigError, match="Nameless does not declare which family") as caught:
        register_family(nameless)

    assert caught.value.help == 'Add the field family: Literal["name"] = "name" to the dataclass.'
