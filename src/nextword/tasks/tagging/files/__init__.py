"""CoNLL-U and column files: read sentences, and write them with other labels."""

from nextword.tasks.tagging.files.detection import detect_format
from nextword.tasks.tagging.files.layout import CONLLU_COLUMNS, Layout
from nextword.tasks.tagging.files.reading import TaggedFile, open_tagged_files
from nextword.tasks.tagging.files.rows import FileFormat
from nextword.tasks.tagging.files.sentence import Sentence

__all__ = [
    "CONLLU_COLUMNS",
    "FileFormat",
    "Layout",
    "Sentence",
    "TaggedFile",
    "detect_format",
    "open_tagged_files",
]
