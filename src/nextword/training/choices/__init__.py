"""Settings that are chosen when nobody sets them: by the size of the text, or for the cell."""

from nextword.training.choices.by_cell import cell_layer
from nextword.training.choices.by_text import (
    BY_TEXT,
    ChosenByText,
    choose_by_text,
    keep_chosen,
    without_given,
)
from nextword.training.choices.by_tokenizer import tokenizer_layer

__all__ = [
    "BY_TEXT",
    "ChosenByText",
    "cell_layer",
    "choose_by_text",
    "keep_chosen",
    "tokenizer_layer",
    "without_given",
]
