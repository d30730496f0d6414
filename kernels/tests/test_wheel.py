"""The wheel builds in a clean environment, and works outside the source tree."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent
SOURCES = ("CMakeLists.txt", "LICENSE", "README.md", "pyproject.toml", "src")


@pytest.mark.slow
def test_wheel_from_a_clean_environment_has_working_kernels(tmp_path: Path) -> None:
    source, site = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    subprocess.run(["cp", "-r", *(PACKAGE / name for name in SOURCES), source], check=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", tmp_path, source],
        check=True,
        capture_output=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)

    imported = subprocess.run(
        [
            sys.executable,
            "-c",
            "import nextword_kernels as k; print(k.__file__, k.instruction_sets()[-1])",
        ],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )

    assert imported.stdout == f"{site / 'nextword_kernels/__init__.py'} portable\n"
