"""Test classes of transformers itself, imported from a checkout or an unpacked source distribution.

`TRANSFORMERS_SOURCE` names the folder; its version should be that of the installed transformers.
A source distribution lacks some files that a checkout has, and the classes in them. Those of
`STAND_INS` are then empty, so that the rest can run; `missing` lists them.
"""

import importlib
import importlib.util
import os
import re
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

VARIABLE = "TRANSFORMERS_SOURCE"

#: Modules that only a checkout has, and their classes that the other modules import.
STAND_INS = {
    "tests.exporters.test_export": ("ExportTesterMixin", "ExportGenerateTesterMixin"),
    "tests.generation.test_utils": ("GenerationTesterMixin",),
}


@dataclass
class TransformersTests:
    """The classes that test models, and the modules that the folder lacks."""

    ModelTesterMixin: Any
    GenerationTesterMixin: Any
    ConfigTester: Any = None
    missing: list[str] = field(default_factory=list)


def source_folder() -> Path | None:
    """Return the folder in the environment variable; None without it."""
    found = os.environ.get(VARIABLE)
    return Path(found).resolve() if found else None


def marker_names(folder: Path) -> list[str]:
    """Return the markers of pytest that transformers' tests of models use."""
    patterns = ("test_*.py", "generation/test_utils.py", "exporters/test_export.py")
    files = [path for pattern in patterns for path in (folder / "tests").glob(pattern)]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    return sorted({*re.findall(r"\bmark\.(\w+)", text)} - {"parametrize", "skipif"})


def load_transformers_tests() -> TransformersTests:
    """Import transformers' test classes; skip the module that asks for them without the folder."""
    folder = source_folder()
    if folder is None:
        pytest.skip(
            f"{VARIABLE} does not name a checkout or source distribution of transformers",
            allow_module_level=True,
        )
    for package in ("transformers", "parameterized"):
        pytest.importorskip(package, reason=f"transformers' tests need the package {package}")
    if not (folder / "tests" / "test_modeling_common.py").is_file():
        raise FileNotFoundError(f"{VARIABLE}: {folder} has no tests/test_modeling_common.py")
    # Both repositories call their folder `tests`. Ours comes first; no module is in both.
    package = importlib.import_module("tests")
    if str(folder / "tests") not in package.__path__:
        package.__path__ = [*package.__path__, str(folder / "tests")]
    _hide_kernels()
    missing = [name for name in STAND_INS if not _is_there(folder, name)]
    for name in missing:
        sys.modules[name] = _stand_in(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        modeling = importlib.import_module("tests.test_modeling_common")
        generation = importlib.import_module("tests.generation.test_utils")
        config_tester = None
        # What the test of settings needs is not in a source distribution.
        if _is_there(folder, "tests.utils.test_configuration_utils"):
            configuration = importlib.import_module("tests.test_configuration_common")
            config_tester = configuration.ConfigTester
    return TransformersTests(
        modeling.ModelTesterMixin,
        generation.GenerationTesterMixin,
        ConfigTester=config_tester,
        missing=missing,
    )


def _hide_kernels() -> None:
    """Hide our folder `kernels`, which some versions of transformers take for a package."""
    found = importlib.util.find_spec("kernels")
    if found is not None and found.origin is None:
        sys.modules["kernels"] = None  # type: ignore[assignment]


def _is_there(folder: Path, name: str) -> bool:
    return (folder / f"{name.replace('.', '/')}.py").is_file()


def _stand_in(name: str) -> ModuleType:
    module = ModuleType(name)
    for class_name in STAND_INS[name]:
        setattr(module, class_name, type(class_name, (), {}))
    return module


class ModelTests:
    """What the tests of every model share; a subclass names classes and settings."""

    tests: TransformersTests
    #: Class of the settings, and the arguments of this case.
    config_class: Any
    settings: dict[str, Any]
    #: Class names as transformers lists those of its own models, by their use.
    auto_classes: dict[str, str]
    #: Lets the Auto classes load folders of these classes.
    register: Callable[[], None]

    has_attentions = False
    # The lengths of texts decide what is computed, which torch.export cannot follow.
    test_torch_exportable = False

    def setUp(self) -> None:
        self.model_tester = ModelTester(self.config_class, self.settings)

    @pytest.fixture(autouse=True)
    def _list_as_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """List the classes as transformers lists its own: the tests then give them labels."""
        from transformers.models.auto import modeling_auto

        self.register()
        for use, class_name in self.auto_classes.items():
            names = getattr(modeling_auto, f"{use}_MAPPING_NAMES")
            monkeypatch.setitem(names, self.config_class.model_type, class_name)

    def test_config(self) -> None:
        if self.tests.ConfigTester is None:
            pytest.skip("tests/utils/test_configuration_utils.py is not in a source distribution")
        common = ["hidden_size", "num_hidden_layers"]
        self.tests.ConfigTester(
            self, config_class=self.config_class, common_properties=common, hidden_size=16
        ).run_common_tests()


class ModelTester:
    """Settings and inputs for the tests of a model.

    Args:
        config_class: Class of the settings.
        settings: Its arguments.
    """

    batch_size = 3
    seq_length = 7
    is_training = True

    def __init__(self, config_class: Any, settings: dict[str, Any]) -> None:
        self.config_class, self.settings = config_class, settings
        self.hidden_size = settings["hidden_size"]
        self.num_hidden_layers = settings["num_hidden_layers"]

    def get_config(self) -> Any:
        return self.config_class(**self.settings)

    def prepare_config_and_inputs_for_common(self) -> tuple[Any, dict[str, Any]]:
        """Return settings, and rows with one more position of padding on the left each."""
        import torch

        config = self.get_config()
        shape = (self.batch_size, self.seq_length)
        input_ids = torch.randint(3, config.vocab_size, shape)
        mask = torch.ones(shape, dtype=torch.long).triu()
        return config, {"input_ids": input_ids, "attention_mask": mask}
