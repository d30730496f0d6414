"""Settings of the updates that belong to a cell: the optimizer, its rate, clipping, averaging.

The LSTM and the GRU learn fastest with plain SGD and large steps. The other cells do not bear these
steps, and a recipe for an LSTM would fail with them.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from nextword.base import Layer, Values, merge
from nextword.training.recipe_files import read_recipe

_logger = logging.getLogger(__name__)

#: The recipe whose updates each cell can bear. Cells that are not listed keep those of the recipe.
_RECIPE_OF_CELL = {
    "elman": "elman",
    "elman_preactivation": "elman",
    "linear": "linear-rnn",
    "min_gru": "min-lstm",
    "min_lstm": "min-lstm",
    "rg_lru": "min-lstm",
}
_CLIPPING = ("clipping",)
_UPDATES = ("optimizer", "schedule", "averaging")
#: If the user sets one of these, the whole of `_UPDATES` stays as in the recipe.
_OWN_UPDATES = ("kind", "learning_rate")


def cell_layer(recipe: Values, layers: Sequence[Mapping[str, Any]], *, name: str) -> Layer:
    """Return the settings of a recipe that change because the user sets another cell.

    They come between the recipe and the settings of the user. If the user sets the kind or the rate
    of the optimizer, only the clipping changes. What changes is logged as a notice.

    Args:
        recipe: The settings of the recipe.
        layers: The settings of the user.
        name: Name of the recipe, for the notice.

    Returns:
        The changes; empty if there are none.
    """
    given = merge(*layers)
    before, cell = _cell_of(recipe), _cell_of(given)
    source = _RECIPE_OF_CELL.get(cell or "")
    if source is None or before is None or _RECIPE_OF_CELL.get(before) == source:
        return Layer({}, source=f"model.cell={cell}")
    is_own = any(key in given.get("optimizer", {}) for key in _OWN_UPDATES)
    sections = _CLIPPING if is_own else _UPDATES + _CLIPPING
    tuned = read_recipe(source)
    changes = {part: _replaced(recipe.get(part, {}), tuned.get(part, {})) for part in sections}
    merged = merge(recipe, changes, given)
    optimizer, clipping = merged["optimizer"], merged["clipping"]
    _logger.info(
        "model.cell is %r, but the recipe %s is for %r: updates as in the recipe %s, with "
        "optimizer.kind=%s, optimizer.learning_rate=%g and clipping.kind=%s; --set changes these",
        cell,
        name,
        before,
        source,
        optimizer["kind"],
        optimizer["learning_rate"],
        clipping["kind"],
        extra={"notice": True},
    )
    return Layer(changes, source=f"model.cell={cell}")


def _cell_of(values: Mapping[str, Any]) -> str | None:
    model = values.get("model")
    cell = model.get("cell") if isinstance(model, Mapping) else None
    return cell if isinstance(cell, str) else None


def _replaced(before: Mapping[str, Any], after: Mapping[str, Any]) -> Values:
    """Return a layer that removes the keys of one section and sets those of another."""
    return dict.fromkeys(before) | dict(after)
