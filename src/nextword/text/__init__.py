"""From paths to text: opening, decoding and splitting corpora. Knows nothing of tokens."""

from nextword.text.corpus import ByteStream, Corpus, open_corpus
from nextword.text.documents import Document, text_document
from nextword.text.places import STANDARD_LIBRARY, find_files
from nextword.text.split import split_corpus
from nextword.text.streams import open_stream

__all__ = [
    "STANDARD_LIBRARY",
    "ByteStream",
    "Corpus",
    "Document",
    "find_files",
    "open_corpus",
    "open_stream",
    "split_corpus",
    "text_document",
]
