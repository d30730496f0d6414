"""Taggers and text classifiers for other programs: ids, labels and weights in simple forms.

In all exported formats id 0 is the padding and id 1 an unknown word or character; then come those
of the vocabulary, in its order, and for characters the marks of the beginning and end of a word.
"""

from nextword.interop.exported_tasks.encoder import (
    character_filters,
    layer_cells,
    with_padding,
)
from nextword.interop.exported_tasks.labels import ExportedLabels, exported_labels
from nextword.interop.exported_tasks.samples import SAMPLE_LENGTHS, random_sentences
from nextword.interop.exported_tasks.words import ngram_sizes, split_of

__all__ = [
    "SAMPLE_LENGTHS",
    "ExportedLabels",
    "character_filters",
    "exported_labels",
    "layer_cells",
    "ngram_sizes",
    "random_sentences",
    "split_of",
    "with_padding",
]
