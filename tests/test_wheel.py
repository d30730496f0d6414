"""The wheel holds everything that is needed, and runs outside the source tree."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that the tree stays clean."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    tracked = ["pyproject.toml", "README.md", "LICENSE", "src"]
    subprocess.run(["cp", "-r", *(REPOSITORY / name for name in tracked), source], check=True)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source],
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_wheel_holds_recipes_pages_and_type_marker(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    source = REPOSITORY / "src"
    recipes = (source / "nextword/training/recipes").rglob("*.toml")
    assert {path.relative_to(source).as_posix() for path in recipes} <= names
    page = (source / "nextword").rglob("*.*")
    parts = {path for path in page if path.suffix in (".js", ".css", ".html")}
    assert {path.relative_to(source).as_posix() for path in parts} <= names
    assert len(parts) > 10
    assert "nextword/py.typed" in names


@pytest.mark.slow
def test_wheel_outside_the_tree_lists_recipes(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")

    result = subprocess.run(
        [sys.executable, "-c", "import nextword.cli as c; print(c.__file__); c.main(['recipes'])"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert result.stdout.startswith(str(tmp_path / "site"))
    assert "lstm-small" in result.stdout
