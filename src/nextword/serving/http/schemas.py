"""What the bodies of all requests and the documentation of all endpoints share."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from nextword.serving.http.errors import FAULT_OF_FIELD, ErrorResponse

_DESCRIPTIONS = {
    400: "The body is not a JSON object, or nested too deeply.",
    401: "The key is missing or wrong.",
    403: "The host or the origin is foreign.",
    404: "There is no such model or session.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    422: "A value is invalid.",
    429: "The queue is full; see Retry-After.",
    500: "The model returns numbers that are not finite, or a bug.",
    503: "The server is stopping, or the request took too long; see Retry-After.",
}
#: Errors of every endpoint, for its documentation.
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorResponse, "description": description}
    for status, description in _DESCRIPTIONS.items()
}

#: Half of a surrogate pair stands for a byte that is not UTF-8; JSON clients refuse it.
_SURROGATE = re.compile("[\ud800-\udfff]")


def readable(text: str) -> str:
    """Return text in which U+FFFD stands for each byte that is not UTF-8."""
    return _SURROGATE.sub("\ufffd", text)


#: Text that a model has generated.
Readable = Annotated[str, BeforeValidator(readable)]


class StrictBody(BaseModel):
    """A body whose unknown fields and wrong types are refused; `true` is no number."""

    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=()
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_surrogates(cls, values: Any) -> Any:
        """Refuse texts that cannot be written as UTF-8."""
        for field, value in values.items() if isinstance(values, dict) else ():
            if any(_SURROGATE.search(text) for text in _texts({field: value})):
                raise PydanticCustomError(
                    FAULT_OF_FIELD,
                    "{field}: a text has half of a surrogate pair, which is no character",
                    {"field": readable(field)},
                )
        return values


class Body(BaseModel):
    """The body of a response."""

    model_config = ConfigDict(protected_namespaces=())


def _texts(values: Any) -> Iterator[str]:
    """Iterate over all texts in JSON values, the names of fields included."""
    if isinstance(values, str):
        yield values
    elif isinstance(values, dict):
        for key, value in values.items():
            yield from _texts(key)
            yield from _texts(value)
    # Lists of token ids can be long, and have no texts.
    elif isinstance(values, list) and not all(type(each) is int for each in values):
        for value in values:
            yield from _texts(value)
