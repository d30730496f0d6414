"""`/v1/trace`: the gates and the state of one unit along a text."""

from typing import Annotated

from fastapi import APIRouter
from fastapi import Request as HttpRequest
from pydantic import Field

from nextword.inspection import UnitValues, unit_values
from nextword.serving.context import Context
from nextword.serving.http import ERRORS, ApiError, Body, StrictBody, run_call
from nextword.serving.text.predicting import require_short

#: Largest number of tokens whose values are returned; they are read step by step.
MAX_TRACED_TOKENS = 512


class TraceRequest(StrictBody):
    """A text, and a unit to watch.

    Attributes:
        model: Name of the model; may be absent if one language model is served.
        text: The text.
        layer: Number of the layer, from 1 for the lowest; the highest when null.
        unit: Number of the unit in the layer, from 0; when null, the unit whose state varies most.
        last: Number of tokens at the end of the text whose values are returned.
    """

    model: str | None = None
    text: str
    layer: Annotated[int, Field(ge=1)] | None = None
    unit: Annotated[int, Field(ge=0)] | None = None
    last: Annotated[int, Field(ge=1, le=MAX_TRACED_TOKENS)] = 256


class TracedToken(Body):
    """A token of the text.

    Attributes:
        text: The token in the text.
        start: Its first character, from 0.
        end: Its last character + 1.
    """

    text: str
    start: int
    end: int


class TraceBody(Body):
    """The values of one unit.

    Attributes:
        model: Name of the model.
        layer: Number of its layer, from 1 for the lowest.
        unit: Its number in the layer, from 0.
        num_units: Number of units of the layer.
        tokens: The last tokens of the text.
        values: Its gates, and its parts of the state, by name; one value after each token.
    """

    model: str
    layer: int
    unit: int
    num_units: int
    tokens: list[TracedToken]
    values: dict[str, list[float]]


def tracing_routes(context: Context) -> APIRouter:
    """Return the route that shows what a unit computes."""
    router = APIRouter(tags=["Text"], responses=ERRORS)

    @router.post("/v1/trace")
    async def trace(request: TraceRequest, http: HttpRequest) -> TraceBody:
        """Return the gates and the state of one unit of a recurrent model along a text."""
        served = context.models.find_forward(request.model)
        if not served.units_per_layer:
            raise ApiError(
                f"the model {served.name!r} has no units: it is not a recurrent network of "
                "nextword.",
                help="Trace a recurrent model, such as one of the recipe lstm-small.",
                param="model",
                code="no_units",
            )
        text = served.tokenizer.without_markers(request.text)
        ids = served.tokenizer.encode(text).ids
        require_short(context, ids.tolist())

        def values() -> UnitValues:
            return unit_values(
                served.language_model,
                ids,
                layer=request.layer,
                unit=request.unit,
                last=request.last,
            )

        timeout_s = context.limits.request_timeout_s
        found = await run_call(served.engine, values, http=http, timeout_s=timeout_s)
        offsets = served.tokenizer.offsets(text)[-request.last :].tolist()
        return TraceBody(
            model=served.name,
            layer=found.layer,
            unit=found.unit,
            num_units=found.num_units,
            tokens=[
                TracedToken(text=text[start:end], start=start, end=end) for start, end in offsets
            ],
            values={name: values.tolist() for name, values in found.values.items()},
        )

    return router
