"""The benchmark scripts still fit the library; their figures are another matter."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch

FOLDER = Path(__file__).parent.parent / "benchmarks"


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_training_step_makes_a_step_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    script = load_script("training_step")
    monkeypatch.setattr(script, "HIDDEN_SIZE", 8)
    chosen = torch.get_float32_matmul_precision()

    script.our_step(2, 3)()
    script.at_default_precision(script.peer_step(2, 3))()

    assert torch.get_float32_matmul_precision() == chosen
