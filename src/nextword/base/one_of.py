"""A setting that is one of several configurations, told apart by a key in it."""

import functools
import operator
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema


class OneOf:
    """Say in `Annotated` which configurations a setting may be.

    They are asked for whenever settings are read, so more can join while a program runs.

    Args:
        kinds: Gives the dataclasses, two or more; in each, `key` is a literal with a default.
        key: The value of this key says which one it is.
        default: What it says where it is left out.
    """

    def __init__(self, kinds: Callable[[], Iterable[type]], *, key: str, default: str) -> None:
        self._kinds = kinds
        self._key = key
        self._default = default

    @property
    def union(self) -> Any:
        """The configurations as a type."""
        return functools.reduce(operator.or_, self._kinds())

    def completed(self, values: Any) -> Any:
        """Give the values with the key."""
        return {self._key: self._default, **values} if isinstance(values, Mapping) else values

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Tell pydantic what to decode, in place of what stands in the annotation."""
        return handler.generate_schema(
            Annotated[self.union, Field(discriminator=self._key), BeforeValidator(self.completed)]
        )


def setting_types(kind: type) -> dict[str, Any]:
    """Give the type of every setting of a dataclass, `OneOf` as the union of what it may be."""
    types = typing.get_type_hints(kind)
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        for extra in getattr(hint, "__metadata__", ()):
            if isinstance(extra, OneOf):
                types[name] = extra.union
    return types
