"""Properties of texts that a unit may track: their value after each character."""

from nextword.inspection.cells.properties.contract import Kind, Property
from nextword.inspection.cells.properties.named import (
    LANGUAGES,
    named_properties,
    properties_of,
    text_language,
)
from nextword.inspection.cells.properties.patterns import pattern_property

__all__ = [
    "LANGUAGES",
    "Kind",
    "Property",
    "named_properties",
    "pattern_property",
    "properties_of",
    "text_language",
]
