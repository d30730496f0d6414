"""The registry of families: those of nextword, and those that a program registers."""

import dataclasses
import typing
from typing import Annotated

from nextword.base import OneOf, Registry, require, settings
from nextword.families.contract import ModelConfig
from nextword.families.maxent import MaxEntConfig
from nextword.families.ngram import NgramConfig
from nextword.families.recurrent import RecurrentConfig
from nextword.families.transformer import TransformerConfig
from nextword.families.window import ConvolutionalConfig, WindowConfig

#: The settings class of every family.
FAMILIES: Registry[type[ModelConfig]] = Registry(
    {
        "recurrent": RecurrentConfig,
        "maxent": MaxEntConfig,
        "window": WindowConfig,
        "convolutional": ConvolutionalConfig,
        "transformer": TransformerConfig,
        "ngram": NgramConfig,
    },
    setting="model.family",
    register="nextword.register_family",
)

#: `model.*`: the key `family` decides which settings class reads it; `recurrent` when left out.
AnyModelConfig = Annotated[ModelConfig, OneOf(FAMILIES, key="family", default="recurrent")]


def register_family(config: type[ModelConfig], *, replace: bool = False) -> None:
    """Register a family, which is then trained, saved and loaded like the built-in ones.

    A model folder contains the settings of a model, not its code. Register the family before
    loading its models.

    Args:
        config: Its settings: a frozen, keyword-only dataclass that extends `NeuralModelConfig` (or
            `ModelConfig`), with a literal field `family` whose default is the name of the family.
            From now on its types and ranges are checked, and unknown settings are refused.
        replace: Whether to replace a family registered under the same name before.

    Raises:
        ConfigError: The name is taken, or the class has no literal field `family`.
    """
    FAMILIES.add(_family_name(config), settings("model")(config), replace=replace)


def _family_name(config: type) -> str:
    """Return the name of the family that a settings class declares."""
    fields = dataclasses.fields(config) if dataclasses.is_dataclass(config) else ()
    name = next((field.default for field in fields if field.name == "family"), None)
    require(
        name is not None and typing.get_type_hints(config)["family"] == typing.Literal[name],
        f"{config.__name__} does not declare which family it belongs to.",
        help='Add the field family: Literal["name"] = "name" to the dataclass.',
    )
    return str(name)
