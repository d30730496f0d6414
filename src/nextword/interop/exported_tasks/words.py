"""How an exported tagger or classifier splits a text, and what it reads of it."""

from nextword.tasks.classification import Classifier
from nextword.tasks.tagging import Tagger


def split_of(model: Tagger | Classifier) -> str:
    """Return how a text is split into words: `blanks`, `punctuation` or `characters`."""
    return "blanks" if isinstance(model, Tagger) else model.parts.config.words


def ngram_sizes(model: Tagger | Classifier) -> dict[str, int]:
    """Return the sizes of the n-grams of a classifier; empty for a model that reads none."""
    if isinstance(model, Tagger) or not model.parts.ngrams.has_features:
        return {}
    ngrams = model.parts.ngrams
    return {
        "longest": ngrams.words,
        "longest_characters": ngrams.characters,
        "table_size": ngrams.table_size,
    }
