"""What to type for the program, wherever it lies."""

from pathlib import Path

import pytest

from nextword.cli.program import program


@pytest.mark.parametrize(
    ("found", "name"), [("/bin/nextword", "nextword"), (None, "there/nextword")]
)
def test_program_is_what_the_shell_understands(
    found: str | None, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "nextword").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shutil.which", lambda _: found)
    monkeypatch.setattr("sys.executable", str(tmp_path / "there" / "python"))

    assert program() == name

    (tmp_path / "there" / "nextword").unlink()
    assert program() == ("nextword" if found else "there/python -m nextword")
