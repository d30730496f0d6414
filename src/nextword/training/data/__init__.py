"""The texts of a run: opened, split, encoded, checked, and compared when a run is resumed."""

from nextword.training.data.pretrained import PretrainedVectors
from nextword.training.data.sources import (
    NO_FILES,
    OLD_TEXT,
    TextAccess,
    changed_text,
    check_sources,
    require_unchanged,
    starting_folder,
)
from nextword.training.data.texts import (
    TrainingData,
    learned_tokenizer,
    open_texts,
    prepare_data,
)
from nextword.training.data.vocabulary_check import check_vocabulary

__all__ = [
    "NO_FILES",
    "OLD_TEXT",
    "PretrainedVectors",
    "TextAccess",
    "TrainingData",
    "changed_text",
    "check_sources",
    "check_vocabulary",
    "learned_tokenizer",
    "open_texts",
    "prepare_data",
    "require_unchanged",
    "starting_folder",
]
