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

import nextword
from nextword.models import LanguageModel

MAX_POSITIONAL = 2
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

#: The three methods of a language model whose arguments are its published contract. A method that
#: overrides one of them has the same signature.
CONTRACT = {
    "nextword.models.contract.LanguageModel.advance",
    "nextword.models.contract.LanguageModel.next_log_probs",
    "nextword.models.contract.LanguageModel.nll",
}

#: Interfaces of other libraries, whose callers pass these arguments by position.
OTHER_LIBRARIES = {
    "nextword.interop.ctc.pyctcdecode_model.PyctcdecodeModel.score",
    "nextword.interop.kenlm.model.Model.BaseFullScore",
    "nextword.interop.kenlm.model.Model.BaseScore",
    "nextword.interop.kenlm.model.Model.full_scores",
    "nextword.interop.kenlm.model.Model.score",
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
    allowed = CONTRACT | OTHER_LIBRARIES
    assert [names[0] for names in over_limit if allowed.isdisjoint(names)] == []


def test_methods_of_the_contract_are_over_the_limit(over_limit: list[list[str]]) -> None:
    assert {name for names in over_limit for name in names} >= CONTRACT | OTHER_LIBRARIES


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
    class Own(LanguageModel):
        def nll(self, token_ids: Any, target_ids: Any, state: Any, lengths: Any = None) -> Any: ...

    (names,) = methods_over_limit(Own)

    assert names[1] == "nextword.models.contract.LanguageModel.nll"
