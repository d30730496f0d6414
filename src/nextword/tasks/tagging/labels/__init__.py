"""The labels of a tagger: their schemes, the spans that they mark, and their ids."""

from nextword.tasks.tagging.labels.codec import LabelCodec
from nextword.tasks.tagging.labels.schemes import (
    Scheme,
    convert_labels,
    detect_scheme,
    scheme_constraints,
    scheme_labels,
)
from nextword.tasks.tagging.labels.spans import SpanCounts, SpanScores, find_spans

__all__ = [
    "LabelCodec",
    "Scheme",
    "SpanCounts",
    "SpanScores",
    "convert_labels",
    "detect_scheme",
    "find_spans",
    "scheme_constraints",
    "scheme_labels",
]
