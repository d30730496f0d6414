"""Texts of the experiments, from the standard library's sources: code, and English sentences.

The texts depend on the version of Python, which the report names.
"""

import ast
import random
import re
from collections.abc import Iterator
from functools import cache

from nextword.base import DataError
from nextword.text import STANDARD_LIBRARY, open_corpus

#: Files that are tables rather than programs.
_TABLES = ("encodings/", "pydoc_data", "_sysconfigdata", "html/entities", "lib2to3")
_LONGEST_LINE = 120
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[.,;:?!]")
_PLAIN_SENTENCE = re.compile(r"[A-Z][^=<>{}\[\]\\|_@#$%^&*+~/]+[.?!]")
_SENTENCE_WORDS = range(5, 41)


@cache
def library_files() -> tuple[tuple[str, str], ...]:
    """Return (name, text) of the ASCII modules of the standard library, in a fixed random order.

    Modules that are tables or have long lines are left out.
    """
    found = []
    for document in open_corpus([STANDARD_LIBRARY]):
        text = "".join(document.pieces())
        is_table = any(part in document.name for part in _TABLES)
        if text.isascii() and not is_table and _longest_line(text) <= _LONGEST_LINE:
            found.append((document.name, text))
    random.Random(0).shuffle(found)
    return tuple(found)


def _longest_line(text: str) -> int:
    return max(map(len, text.splitlines()), default=0)


@cache
def source_modules(*, num_characters: int, skip_characters: int = 0) -> tuple[tuple[str, str], ...]:
    """Return (name, text) of modules of the standard library, about as long as wanted in all.

    Args:
        num_characters: Modules are added until this length is reached.
        skip_characters: Modules are skipped until this length is reached; for held-out text.

    Raises:
        DataError: The standard library is too short.
    """
    skipped, length, found = 0, 0, []
    for name, text in library_files():
        if skipped < skip_characters:
            skipped += len(text)
            continue
        found.append((name, text))
        length += len(text)
        if length >= num_characters:
            return tuple(found)
    raise DataError(
        f"the standard library has no {num_characters:,} characters of source code after the first "
        f"{skip_characters:,}.",
        help="Install the complete standard library of Python.",
    )


def source_code(*, num_characters: int, skip_characters: int = 0) -> str:
    """Return the text of `source_modules`, one module after another."""
    modules = source_modules(num_characters=num_characters, skip_characters=skip_characters)
    return "".join(text for _, text in modules)


@cache
def english_sentences() -> tuple[str, ...]:
    """Return the English sentences of the documentation strings, as words separated by blanks.

    Words are in lower case, and punctuation marks are words. The order is that of the modules, so
    neighbouring sentences are about the same subject.
    """
    sentences = (
        " ".join(_WORD.findall(sentence.lower()))
        for text in _documentation_strings()
        for paragraph in text.split("\n\n")
        for sentence in _SENTENCE.split(" ".join(paragraph.split()))
        if _PLAIN_SENTENCE.fullmatch(sentence)
    )
    # A documentation string that several modules share is used once.
    return tuple(dict.fromkeys(text for text in sentences if len(text.split()) in _SENTENCE_WORDS))


def _documentation_strings() -> Iterator[str]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for _, text in library_files():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, documented):
                yield ast.get_docstring(node) or ""
