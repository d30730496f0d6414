from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from nextword.base import ConfigError, decode
from nextword.families import NetworkSpec, NeuralModelConfig, WindowConfig, register_family
from nextword.models import NeuralLanguageModel
from nextword.training import RunConfig, refuse_idle_settings, refuse_other_parts
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
    ("kind", "name"), [("adamw", "momentum"), ("sgd", "beta1"), ("sgd", "beta2")]
)
def test_refuse_idle_settings_setting_of_another_optimizer_is_refused(kind: str, name: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"optimizer\.{name} is 0.5, .*optimizer.kind is '{kind}'"
    ):
        refuse({"optimizer": {"kind": kind, name: 0.5}})


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


STORED = {
    "model": {"family": "recurrent", "hidden_size": 1000, "order": [1, 2]},
    "training": {"epochs": 3},
}


@pytest.mark.parametrize(
    "layer",
    [
        {"model": {"hidden_size": int("1000")}},
        {"model": {"family": "".join(["recur", "rent"])}},
        {"model": {"order": (1, 2)}},
        {"model": {"order": [1, 2]}},
        {"model": {"hidden_size": None}},
        {"training": {"epochs": 4}},
    ],
)
def test_refuse_other_parts_equal_values_and_other_sections_pass(layer: dict[str, Any]) -> None:
    refuse_other_parts("old", STORED, layers=[layer])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"model": {"hidden_size": 8}}, "model.hidden_size is 8, but --init old has 1000"),
        ({"model": {"order": (1, 3)}}, "model.order is .*, but --init old has"),
        ({"tokenizer": {"kind": "bpe"}}, "tokenizer.kind is 'bpe', but --init old has None"),
    ],
)
def test_refuse_other_parts_another_value_is_refused(layer: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        refuse_other_parts("old", STORED, layers=[layer])
