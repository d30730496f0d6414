"""Every error message begins in lower case, unless with a name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import nextword

SOURCE = Path(nextword.__file__).parent
#: Names that keep their capital.
NAMES = ("BLEU ", "Hugging Face ", "X ", "X[", "ARPA", "JSON", "TOML", "UTF-8")
ERRORS = {
    *("NextwordError", "ConfigError", "DataError", "VocabularyError", "ShapeError"),
    *("CheckpointError", "DiskFullError", "FormatError", "MismatchError", "LockedError"),
    *("TrainingError", "DivergedError", "BenchmarkError", "MissingExtraError"),
    "OutOfMemoryError",
}


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """Give line and first words of each message that is a literal."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        position = {"require": 1}.get(node.func.id, 0 if node.func.id in ERRORS else None)
        if position is None or len(node.args) <= position:
            continue
        message = node.args[position]
        first = message.values[0] if isinstance(message, ast.JoinedStr) else message
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield node.lineno, first.value


@pytest.mark.parametrize("folder", sorted(each.name for each in SOURCE.iterdir() if each.is_dir()))
def test_error_messages_begin_in_lower_case(folder: str) -> None:
    wrong = [
        f"{path.relative_to(SOURCE)}:{line}: {text}"
        for path in (SOURCE / folder).rglob("*.py")
        for line, text in messages(path)
        if text[:1].isupper() and not text.startswith(NAMES)
    ]

    assert wrong == []
