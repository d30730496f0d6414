"""A section of settings that one of several classes reads, chosen by a key in the section."""

import functools
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, PydanticKnownError
from pydantic_core.core_schema import no_info_plain_validator_function

from nextword.base.registry import Registry


class OneOf:
    """An annotation that says which settings classes may read a section.

    Args:
        kinds: The classes by name, which may grow while a program runs; in each, `key` is a
            literal field whose default is its name.
        key: The setting that names the class.
        default: The name when the key is left out.
    """

    def __init__(self, kinds: Registry[Any], *, key: str, default: str) -> None:
        self.kinds = kinds
        self._key = key
        self._default = default

    def chosen(self, values: Any) -> str:
        """Return the name that the values of a section give."""
        return str(values.get(self._key, self._default) if isinstance(values, Mapping) else "")

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the schema by which pydantic decodes the section."""

        def decoded(values: Any) -> Any:
            if isinstance(values, Mapping):
                self.kinds.check(self.chosen(values))
                return decoder(self.kinds[self.chosen(values)])(dict(values))
            if isinstance(values, source):
                return values
            raise PydanticKnownError("dict_type")

        return no_info_plain_validator_function(decoded)


def parts(annotation: Any) -> Iterator[Any]:
    """Iterate over an annotation and all that is inside it: members, elements, ranges, classes."""
    yield annotation
    is_choice = isinstance(annotation, OneOf)
    for part in annotation.kinds.values() if is_choice else typing.get_args(annotation):
        yield from parts(part)


@functools.cache
def decoder(kind: Any) -> Callable[[Any], Any]:
    """Return the function by which pydantic decodes a settings class."""
    return TypeAdapter(kind).validate_python
