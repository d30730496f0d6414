"""Public functions take at most two positional arguments besides `self`; the rest are keywords.

A public function is a module-level function, or a method of a module-level class, without a leading
underscore (`__init__` included). That covers every name in the `__all__` of a package.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import pytest
from torch import nn

import nextword
from nextword.cells import Cell

MAX_POSITIONAL = 2
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

_MODEL = "contract of language models: lengths and mask follow the state"
_CELL = "contract of cells: step(inputs, state, noise)"
_BACKEND = "contract of backends: run_layer(cell, inputs, state, lengths, noise)"
_TORCH = "PyTorch passes the arguments of forward by position"
_INNER_LOOP = "inner loop of manual passes: called once per time step"
_HOOK = "contract of progress hooks: on_progress(stage, done, total)"
_LABELS = "lengths follow the emissions and labels of a batch"
_COMMAND = "command of the command line: Typer passes every argument by keyword"

#: Qualified name of each function with more positional arguments: the reason. A method that
#: overrides one of these methods has the same signature and needs no entry.
EXCEPTIONS = {
    "nextword.tasks.tagging.crf.module.LinearChainCrf.nll": _LABELS,
    "nextword.models.contract.LanguageModel.advance": _MODEL,
    "nextword.models.contract.LanguageModel.next_log_probs": _MODEL,
    "nextword.models.contract.LanguageModel.nll": _MODEL,
    "nextword.models.neural.NeuralLanguageModel.hidden": _MODEL,
    "nextword.cells.contract.Cell.step": _CELL,
    "nextword.cells.contract.Cell.step_with_gates": _CELL,
    "nextword.cells.contract.Cell.traced_step": _CELL,
    "nextword.recurrent.backends.aten.run_layer": _BACKEND,
    "nextword.recurrent.backends.choice.Backend.run_layer": _BACKEND,
    "nextword.recurrent.backends.hoisted.layer.run_layer": _BACKEND,
    "nextword.recurrent.backends.native.layer.run_layer": _BACKEND,
    "nextword.recurrent.backends.reference.run_layer": _BACKEND,
    "nextword.recurrent.backends.scan.run_layer": _BACKEND,
    "torch.nn.modules.module.Module.forward": _TORCH,
    "torch.autograd.function._SingleLevelFunction.forward": _TORCH,
    "nextword.cells.manual_pass.LayerPass.step": _INNER_LOOP,
    "nextword.cells.lstm.LstmPass.activate": _INNER_LOOP,
    "nextword.cells.manual_pass.Product.add": _INNER_LOOP,
    "nextword.recurrent.backends.hoisted.product.PlainProduct.add": _INNER_LOOP,
    "nextword.recurrent.backends.hoisted.product.LowPrecisionProduct.add": _INNER_LOOP,
    "nextword.recurrent.backends.hoisted.product.PackedProduct.add": _INNER_LOOP,
    "nextword.recurrent.backends.hoisted.time_loop.MaskedProduct.add": _INNER_LOOP,
    "nextword.cli.progress.ProgressDisplay.on_progress": _HOOK,
    "nextword.cli.progress.LineProgress.on_progress": _HOOK,
    "nextword.cli.progress_bar.BarProgress.on_progress": _HOOK,
    "nextword.cli.audit.audit": _COMMAND,
    "nextword.cli.bench.bench": _COMMAND,
    "nextword.cli.bench_keyboard.bench_keyboard": _COMMAND,
    "nextword.cli.classify.evaluate": _COMMAND,
    "nextword.cli.classify.predict": _COMMAND,
    "nextword.cli.classify.train": _COMMAND,
    "nextword.cli.demo.demo": _COMMAND,
    "nextword.cli.encode.encode": _COMMAND,
    "nextword.cli.evaluate.evaluate": _COMMAND,
    "nextword.cli.export.export": _COMMAND,
    "nextword.cli.generate.generate": _COMMAND,
    "nextword.cli.info.info": _COMMAND,
    "nextword.cli.lab.run": _COMMAND,
    "nextword.cli.inspect.cells.cells": _COMMAND,
    "nextword.cli.inspect.gradients.gradients": _COMMAND,
    "nextword.cli.inspect.memory.memory": _COMMAND,
    "nextword.cli.inspect.jacobian.jacobian": _COMMAND,
    "nextword.cli.inspect.saliency.saliency": _COMMAND,
    "nextword.cli.mix.mix": _COMMAND,
    "nextword.cli.next_words.next_words": _COMMAND,
    "nextword.cli.pairs.pairs": _COMMAND,
    "nextword.cli.recipes.recipes": _COMMAND,
    "nextword.cli.read.evaluate": _COMMAND,
    "nextword.cli.read.predict": _COMMAND,
    "nextword.cli.read.train": _COMMAND,
    "nextword.cli.settings_list.settings": _COMMAND,
    "nextword.cli.surprisal.surprisal": _COMMAND,
    "nextword.cli.tag.evaluate": _COMMAND,
    "nextword.cli.tag.predict": _COMMAND,
    "nextword.cli.tag.train": _COMMAND,
    "nextword.cli.score.score": _COMMAND,
    "nextword.cli.train.train": _COMMAND,
    "nextword.cli.transduce.evaluate": _COMMAND,
    "nextword.cli.transduce.predict": _COMMAND,
    "nextword.cli.transduce.train": _COMMAND,
}


def modules() -> Iterator[ModuleType]:
    yield nextword
    for found in pkgutil.walk_packages(nextword.__path__, "nextword."):
        if not found.name.endswith(".__main__"):
            yield importlib.import_module(found.name)


def is_function(value: Any) -> bool:
    return callable(value) and isinstance(inspect.unwrap(value), FunctionType)


def num_positional(function: Callable[..., Any]) -> int:
    parameters = inspect.signature(function).parameters.values()
    return sum(parameter.kind in POSITIONAL for parameter in parameters)


def names_of_method(cls: type, name: str) -> list[str]:
    """The qualified names of a method and of those that it overrides."""
    owners = [base for base in cls.__mro__ if name in vars(base)]
    return [f"{owner.__module__}.{owner.__qualname__}.{name}" for owner in owners]


def methods_over_limit(cls: type) -> Iterator[list[str]]:
    for name, value in vars(cls).items():
        function = getattr(value, "__func__", value)
        if (name.startswith("_") and name != "__init__") or not is_function(function):
            continue
        num_own = 0 if isinstance(value, staticmethod) else 1
        if num_positional(function) - num_own > MAX_POSITIONAL:
            yield names_of_method(cls, name)


def functions_over_limit(module: ModuleType) -> Iterator[list[str]]:
    """The names of each public function of a module with too many positional arguments."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(value):
            yield from methods_over_limit(value)
        elif is_function(value) and num_positional(value) > MAX_POSITIONAL:
            yield [f"{module.__name__}.{name}"]


@pytest.fixture(scope="module")
def over_limit() -> list[list[str]]:
    return [names for module in modules() for names in functions_over_limit(module)]


def test_public_functions_take_at_most_two_positional_arguments(
    over_limit: list[list[str]],
) -> None:
    assert [names[0] for names in over_limit if EXCEPTIONS.keys().isdisjoint(names)] == []


def test_exceptions_are_all_needed(over_limit: list[list[str]]) -> None:
    assert EXCEPTIONS.keys() - {name for names in over_limit for name in names} == set()


def test_every_name_in_an_all_is_inspected() -> None:
    walked = {module.__name__ for module in modules()}
    exported = [
        getattr(module, name) for module in modules() for name in vars(module).get("__all__", ())
    ]
    defined = {
        value.__module__ for value in exported if inspect.isclass(value) or is_function(value)
    }

    assert {name for name in defined if name.startswith("nextword")} <= walked
    assert not [value for value in exported if getattr(value, "__name__", "").startswith("_")]


def function_of_two(a: int, b: int, *, c: int) -> None: ...


def function_of_three(a: int, b: int, c: int = 0) -> None: ...


class Methods:
    def __init__(self, a: int, b: int, c: int) -> None: ...

    def of_two(self, a: int, b: int, *, c: int) -> None: ...

    def of_three(self, a: int, /, b: int, c: int) -> None: ...

    @classmethod
    def of_class(cls, a: int, b: int, c: int) -> None: ...

    @staticmethod
    def of_two_static(a: int, b: int) -> None: ...

    @staticmethod
    def of_three_static(a: int, b: int, c: int) -> None: ...

    def _private(self, a: int, b: int, c: int) -> None: ...


def module_with(**values: Any) -> ModuleType:
    module = ModuleType(__name__)
    vars(module).update(values)
    return module


def test_function_with_three_positional_arguments_is_found() -> None:
    planted = module_with(two=function_of_two, three=function_of_three, _own=function_of_three)

    assert list(functions_over_limit(planted)) == [[f"{__name__}.three"]]


def test_methods_with_three_positional_arguments_are_found() -> None:
    found = [names[0].removeprefix(f"{__name__}.Methods.") for names in methods_over_limit(Methods)]

    assert found == ["__init__", "of_three", "of_class", "of_three_static"]


def test_override_has_the_name_of_the_overridden_method() -> None:
    class Own(Cell, nn.Module):  # type: ignore[type-arg]
        def step(self, inputs: Any, state: Any, noise: Any = None) -> Any: ...

        def forward(self, a: int, b: int, c: int) -> None: ...

    step, forward = methods_over_limit(Own)

    assert "nextword.cells.contract.Cell.step" in step
    assert "torch.nn.modules.module.Module.forward" in forward
