"""`GET /v1/models`."""

from typing import Literal

from fastapi import APIRouter

from nextword.serving.context import Context
from nextword.serving.http import ERRORS, ApiError, Body
from nextword.serving.models import LANGUAGE, Served


class ModelBody(Body):
    """A model.

    Attributes:
        id: Its name.
        object: Always `model`.
        created: When it was loaded, in seconds since 1970.
        owned_by: Always `nextword`.
        task: `language`, `tagging`, `classification`, `transduction` or `reading`.
        family: Family of a language model; null for others.
        num_parameters: Number of parameters.
        tokenizer: Kind and size of the vocabulary of a language model; null for others.
        vocab_size: Number of token ids of a language model; null for others.
        units_per_layer: Number of units of each recurrent layer of a language model, lowest first;
            empty for models without units. `/v1/trace` shows them.
    """

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "nextword"
    task: str
    family: str | None = None
    num_parameters: int
    tokenizer: str | None = None
    vocab_size: int | None = None
    units_per_layer: tuple[int, ...] = ()


class ModelList(Body):
    """All models."""

    object: Literal["list"] = "list"
    data: list[ModelBody]


def listing_routes(context: Context) -> APIRouter:
    """Return the routes that list models."""
    router = APIRouter(tags=["OpenAI protocol"], responses=ERRORS)
    bodies = {served.name: _body(served) for served in context.models}

    @router.get("/v1/models")
    async def list_models() -> ModelList:
        """List the models that are served."""
        return ModelList(data=list(bodies.values()))

    @router.get("/v1/models/{name:path}")
    async def get_model(name: str) -> ModelBody:
        """Describe one model."""
        if name not in bodies:
            raise ApiError(
                f"there is no model {name[:100]!r}.",
                status=404,
                param="model",
                code="model_not_found",
            )
        return bodies[name]

    return router


def _body(served: Served) -> ModelBody:
    is_language = served.task == LANGUAGE
    return ModelBody(
        id=served.name,
        created=served.created,
        task=served.task,
        num_parameters=served.num_parameters,
        family=served.language_model.family if is_language else None,
        tokenizer=served.tokenizer.description if is_language else None,
        vocab_size=served.language_model.vocab_size if is_language else None,
        units_per_layer=served.units_per_layer,
    )
