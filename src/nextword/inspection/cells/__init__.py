"""Which units of a recurrent model track which properties of a text."""

from nextword.inspection.cells.ablation import Ablation
from nextword.inspection.cells.properties import (
    LANGUAGES,
    Property,
    named_properties,
    pattern_property,
    properties_of,
    text_language,
)
from nextword.inspection.cells.report import (
    TABLE_HEADER,
    CellResult,
    notes,
    table_rows,
    token_texts,
    write_cells,
)
from nextword.inspection.cells.scores import auc, correlation
from nextword.inspection.cells.search import (
    CellSearch,
    PropertyUnits,
    search_cells,
)
from nextword.inspection.cells.selection import TrackedUnit
from nextword.inspection.cells.spans import SpanMatch, SpanMatches, find_span, match_span
from nextword.inspection.cells.states import Unit, UnitStates, require_states, unit_states
from nextword.inspection.cells.text import (
    DEFAULT_CHARACTERS,
    UnitText,
    read_unit_text,
)
from nextword.inspection.cells.values import UnitValues, unit_values, units_per_layer

__all__ = [
    "DEFAULT_CHARACTERS",
    "LANGUAGES",
    "TABLE_HEADER",
    "Ablation",
    "CellResult",
    "CellSearch",
    "Property",
    "PropertyUnits",
    "SpanMatch",
    "SpanMatches",
    "TrackedUnit",
    "Unit",
    "UnitStates",
    "UnitText",
    "UnitValues",
    "auc",
    "correlation",
    "find_span",
    "match_span",
    "named_properties",
    "notes",
    "pattern_property",
    "properties_of",
    "read_unit_text",
    "require_states",
    "search_cells",
    "table_rows",
    "text_language",
    "token_texts",
    "unit_states",
    "unit_values",
    "units_per_layer",
    "write_cells",
]
