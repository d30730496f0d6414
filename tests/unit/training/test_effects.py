from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from nextword.base import ConfigError, decode
from nextword.families import NetworkSpec, NeuralModelConfig, WindowConfig, register_family
from nextword.models import NeuralLanguageModel
from nextword.training import RunConfig, refuse_idle_settings
from registries import registries_restored


@dataclass(frozen=True, kw_only=True)
class PanesConfig(NeuralModelConfig):
    family: Literal["panes"] = "panes"
    colour: str = "clear"

    def describe(self) -> str:
        return self.colour

    def build(self, network: NetworkSpec) -> NeuralLanguageModel:
        return WindowConfig().build(network)

    def idle_settings(self) -> dict[str, str]:
        return {"model.colour": "glass has none"}


def refuse(values: Mapping[str, Any]) -> None:
    refuse_idle_settings(decode(RunConfig, values, source="test"), [values])


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("optimizer", "learning_rate", 0.5),
        ("training", "batch_size", 3),
        ("embedding", "kind", "one_hot"),
        ("model", "k", 0.5),
    ],
)
def test_refuse_idle_settings_ngram_model_names_the_setting(
    section: str, name: str, value: object
) -> None:
    values: dict[str, Any] = {"model": {"family": "ngram"}}
    values.setdefault(section, {})[name] = value

    with pytest.raises(ConfigError, match=rf"{section}\.{name} is .* would change nothing"):
        refuse(values)


@pytest.mark.parametrize(
    "values",
    [
        {"model": {"family": "ngram", "smoothing": "add_k", "k": 0.5}},
        {"model": {"family": "ngram", "k": 1.0}},
        {"model": {"family": "ngram"}, "training": {"seed": 3}},
        {"model": {"cell": "elman", "nonlinearity": "relu"}},
        {"model": {"family": "maxent"}, "optimizer": {"table_learning_rate": 0.3}},
    ],
)
def test_refuse_idle_settings_setting_with_an_effect_is_accepted(values: dict[str, Any]) -> None:
    refuse(values)


def test_refuse_idle_settings_family_from_outside_gives_its_own_reasons() -> None:
    with registries_restored():
        register_family(PanesConfig)

        refuse({"model": {"family": "panes", "colour": "clear"}})
        with pytest.raises(ConfigError, match="'red', which would change nothing: glass has none"):
            refuse({"model": {"family": "panes", "colour": "red"}})


def test_refuse_idle_settings_says_which_option_to_leave_out() -> None:
    with pytest.raises(ConfigError) as caught:
        refuse({"model": {"cell": "gru", "forget_bias": 2.0}})

    assert caught.value.help == "Leave model.forget_bias out."
