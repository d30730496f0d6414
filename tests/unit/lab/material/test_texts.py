"""Texts from the standard library."""

import pytest

from nextword.base import DataError
from nextword.lab.material import library_files, pieces_of, source_modules


@pytest.fixture
def few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the standard library, which takes seconds to read, by three short modules."""
    files = tuple((f"{number}.py", "x = 1\n" * 10) for number in range(3))
    monkeypatch.setattr("nextword.lab.material.texts.library_files", lambda: files)
    source_modules.cache_clear()


@pytest.mark.usefixtures("few_files")
def test_source_modules_are_whole_and_skipped_ones_are_others() -> None:
    first = source_modules(num_characters=70)
    rest = source_modules(num_characters=1, skip_characters=70)

    source_modules.cache_clear()
    assert [name for name, _ in first] == ["0.py", "1.py"]
    assert [name for name, _ in rest] == ["2.py"]


@pytest.mark.usefixtures("few_files")
def test_source_modules_too_short_library_is_refused() -> None:
    with pytest.raises(DataError, match="no 500 characters of source code"):
        source_modules(num_characters=500)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_library_files_are_ascii_and_always_in_the_same_order() -> None:
    names = [name for name, _ in library_files()]

    library_files.cache_clear()
    assert names == [name for name, _ in library_files()]
    assert all(text.isascii() for _, text in library_files())


def test_pieces_end_at_lines_and_keep_the_text() -> None:
    text = "".join(f"line {number}\n" for number in range(100)) + "no end"

    pieces = list(pieces_of(text, 50))

    assert "".join(pieces) == text
    assert all(piece.endswith("\n") and len(piece) > 50 for piece in pieces[:-1])
