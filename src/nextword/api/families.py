"""The one table of families: how each is built, and put together again from a folder."""

import dataclasses
import typing
from collections.abc import Mapping

from torch import Tensor

from nextword.base import STRICT, ConfigError, Registry, Values, decode, require
from nextword.models import (
    NEURAL_CONFIGS,
    LanguageModel,
    NeuralConfig,
    NeuralLanguageModel,
    ngram_from_arrays,
)
from nextword.storage import Family, neural_family
from nextword.tokens import Tokenizer
from nextword.training import RunConfig

#: The sections of a run's settings that say what a network is made of.
_BUILT_OF = ("model", "embedding", "output", "regularization")


def build_neural(config: Values, tokenizer: Tokenizer) -> NeuralLanguageModel:
    """Build a neural model from the settings of a run or a model folder."""
    values = {section: config[section] for section in _BUILT_OF if section in config}
    built_of = decode(RunConfig, values, source="settings")
    if not isinstance(built_of.model, NeuralConfig):
        raise ConfigError(f"settings: model.family is {built_of.model.family!r}, no network.")
    return built_of.model.build(
        vocab_size=tokenizer.vocab_size,
        boundary_id=tokenizer.boundary_id,
        never_ids=tokenizer.never_ids,
        regularization=built_of.regularization,
        embedding=built_of.embedding,
        output=built_of.output,
        backend=config.get("training", {}).get("backend", "auto"),
    )


def load_ngram(
    config: Values, tokenizer: Tokenizer, tensors: Mapping[str, Tensor], source: str
) -> LanguageModel:
    """Put an n-gram model together from its tables."""
    return ngram_from_arrays(
        {name: tensor.numpy() for name, tensor in tensors.items()},
        vocab_size=tokenizer.vocab_size,
        boundary_id=tokenizer.boundary_id,
        start_id=tokenizer.sentence_start_id,
        never_ids=tokenizer.never_ids,
        source=source,
    )


#: Every family by name.
FAMILIES: Registry[Family] = Registry(
    {
        **{name: neural_family(build_neural) for name in NEURAL_CONFIGS},
        "ngram": Family(load=load_ngram, is_mapped=True),
    },
    setting="model.family",
    register="nextword.register_family",
)


def register_family(config: type[NeuralConfig], *, replace: bool = False) -> None:
    """Let a neural family from outside be trained, saved and loaded like the others.

    A saved model keeps its settings alone. Whoever loads it registers the family first.

    Args:
        config: Its settings, `model.*`: a frozen dataclass like `WindowConfig`, whose field
            `family` is a literal with the family's name as default. Unknown settings are refused.
        replace: Whether a family that was registered under that name before gives way.

    Raises:
        ConfigError: The name is taken, or the class does not say it.
    """
    name = _family_name(config)
    NEURAL_CONFIGS.add(name, STRICT(config), replace=replace)
    FAMILIES.add(name, neural_family(build_neural), replace=replace)


def _family_name(config: type) -> str:
    """Read off the class what `model.family` calls it."""
    fields = dataclasses.fields(config) if dataclasses.is_dataclass(config) else ()
    name = next((field.default for field in fields if field.name == "family"), None)
    require(
        name is not None and typing.get_type_hints(config)["family"] == typing.Literal[name],
        f"{config.__name__} does not say which family it is of.",
        help='Give the dataclass the field family: Literal["name"] = "name".',
    )
    return str(name)
