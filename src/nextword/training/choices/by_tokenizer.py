"""Settings of a recipe's tokenizer that do not apply to another kind of tokenizer."""

from collections.abc import Mapping, Sequence
from typing import Any

from nextword.base import Layer, Values, merge


def tokenizer_layer(recipe: Values, layers: Sequence[Mapping[str, Any]]) -> Layer:
    """Return the removal of a recipe's tokenizer settings if the user sets another kind.

    The 1,024 byte pairs of a recipe would otherwise be a limit of 1,024 words.

    Args:
        recipe: The settings of the recipe.
        layers: The settings of the user.

    Example:
        >>> recipe = {"tokenizer": {"kind": "bpe", "vocab_size": 1024}}
        >>> dict(tokenizer_layer(recipe, [{"tokenizer": {"kind": "word"}}]))
        {'tokenizer': {'vocab_size': None}}
    """
    of_recipe = recipe.get("tokenizer", {})
    kind = merge(*layers).get("tokenizer", {}).get("kind")
    if kind is None or kind == of_recipe.get("kind", "word"):
        return Layer({}, source="tokenizer.kind")
    others = {key: None for key in of_recipe if key != "kind"}
    return Layer({"tokenizer": others} if others else {}, source="tokenizer.kind")
