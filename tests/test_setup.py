"""What `make setup` does about the compiled kernels; the interpreter is one that plays along."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
SCRIPT = REPOSITORY / "kernels/install.sh"
INTERPRETER = """#!/bin/sh
echo "$CXX | $PIP_CONSTRAINT | $*" >> {calls}
case $* in *"{fails}"*) exit 1 ;; esac
"""


class Setting:
    """A folder with an interpreter that notes its calls, and the programs that are to be found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "kernels.log"
        self.calls = folder / "calls"
        (folder / "bin").mkdir()
        dirname = shutil.which("dirname")
        assert dirname is not None
        self.add_program("dirname", f'#!/bin/sh\nexec {dirname} "$@"\n')

    def add_program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def install(
        self, *, fails: str = "nothing", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the script with an interpreter that fails where a call holds a text."""
        self.add_program("python", INTERPRETER.format(calls=self.calls, fails=fails))
        kept = {name: value for name, value in os.environ.items() if name not in ("CXX", "PATH")}
        return subprocess.run(
            ["/bin/sh", SCRIPT, self.folder / "bin/python", self.log],
            env={**kept, "PATH": str(self.folder / "bin"), **environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path)


def test_kernels_without_a_compiler_are_said_to_be_missing(setting: Setting) -> None:
    finished = setting.install()

    assert finished.returncode == 1
    assert finished.stderr.splitlines() == [
        "note: there is no C++ compiler; nextword works without its compiled kernels, only slower.",
        "help: Install one (apt install g++, dnf install gcc-c++, or xcode-select --install on "
        "macOS), then: make kernels",
    ]
    assert "install --disable" not in setting.calls.read_text()


def test_kernels_without_pythons_headers_are_said_to_be_missing(setting: Setting) -> None:
    setting.add_program("g++", "#!/bin/sh\n")

    finished = setting.install(fails="Python.h")

    assert finished.returncode == 1
    assert "note: Python's headers are missing;" in finished.stderr
    assert "help: Install them (apt install python3-dev" in finished.stderr


@pytest.mark.parametrize("fails", ["pip install", "import nextword_kernels"])
def test_kernels_that_fail_leave_nothing_behind_and_name_the_log(
    setting: Setting, fails: str
) -> None:
    setting.add_program("g++", "#!/bin/sh\n")

    finished = setting.install(fails=fails)

    assert finished.returncode == 1
    assert "note: the build failed; nextword works without" in finished.stderr
    assert f"help: See {setting.log}, mend it, then: make kernels" in finished.stderr
    assert "pip uninstall --yes nextword-kernels" in setting.calls.read_text().splitlines()[-1]


def test_kernels_are_built_from_the_folder_with_pinned_tools(setting: Setting) -> None:
    setting.add_program("clang++", "#!/bin/sh\n")

    finished = setting.install()

    assert finished.returncode == 0
    assert finished.stderr == ""
    [built] = [call for call in setting.calls.read_text().splitlines() if "pip install" in call]
    assert built.startswith("clang++ | constraints.txt | ")
    assert built.endswith(f" {SCRIPT.parent}")


def test_kernels_are_built_with_the_compiler_that_is_named(setting: Setting) -> None:
    setting.install(CXX="my-c++")

    assert "my-c++ | constraints.txt | -m pip install" in setting.calls.read_text()


def test_constraints_pin_what_building_fetches() -> None:
    pinned = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")

    assert all(
        f"\n{name}==" in pinned for name in ("cmake", "nanobind", "ninja", "scikit-build-core")
    )


def test_setup_without_kernels_is_asked_for_by_name() -> None:
    asked = subprocess.run(
        ["make", "--dry-run", "--always-make", "setup", "NEXTWORD_KERNELS=no"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "test 'no' = no ||" in asked.stdout
