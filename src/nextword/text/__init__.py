"""Open, decompress, decode and split corpora. Knows nothing of tokens."""

from nextword.text.content import COMPRESSED_SUFFIXES, ByteStream, open_stream, read_blocks
from nextword.text.corpus import Corpus, open_corpus, unused_field_error
from nextword.text.documents import Document, decode_blocks, text_document
from nextword.text.jsonl import DEFAULT_FIELD, json_fault, looks_like_jsonl, parse_record
from nextword.text.lines import LONG_LINE_BYTES, text_lines
from nextword.text.names import shown_name
from nextword.text.places import STANDARD_LIBRARY, find_files
from nextword.text.sources import Source, open_sources
from nextword.text.split import split_corpus

__all__ = [
    "COMPRESSED_SUFFIXES",
    "DEFAULT_FIELD",
    "LONG_LINE_BYTES",
    "STANDARD_LIBRARY",
    "ByteStream",
    "Corpus",
    "Document",
    "Source",
    "decode_blocks",
    "find_files",
    "json_fault",
    "looks_like_jsonl",
    "open_corpus",
    "open_sources",
    "open_stream",
    "parse_record",
    "read_blocks",
    "shown_name",
    "split_corpus",
    "text_document",
    "text_lines",
    "unused_field_error",
]
