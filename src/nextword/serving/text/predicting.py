"""`/v1/next` and `/v1/complete`."""

from collections.abc import Sequence
from typing import Annotated

import torch
from fastapi import APIRouter
from fastapi import Request as HttpRequest
from pydantic import Field

from nextword.generation import Session, TypingSession
from nextword.serving.context import Context
from nextword.serving.engine import Request, top_tokens
from nextword.serving.http import (
    ERRORS,
    ApiError,
    Body,
    Readable,
    StrictBody,
    WaitedListener,
    run_call,
    run_requests,
)
from nextword.serving.models import Served
from nextword.tokens import WORD_SEPARATORS, Tokenizer

#: Longest text that is completed or traced, in tokens; it is read in one step of the engine.
MAX_TYPED_TOKENS = 2048


class PredictionRequest(StrictBody):
    """A text to continue.

    Attributes:
        model: Name of the model; may be absent if one language model is served.
        text: The text.
        k: Number of results.
    """

    model: str | None = None
    text: str = ""
    k: Annotated[int, Field(ge=1, le=1000)] = 5


class NextRequest(PredictionRequest):
    """A text, whose last word is complete, to continue.

    Attributes:
        tokens: Whether entries of the vocabulary are returned, such as byte pairs and line ends,
            instead of words.
    """

    tokens: bool = False


class TokenProbability(Body):
    """A token or word and its probability."""

    token: Readable
    probability: float


class PredictionBody(Body):
    """The most probable next tokens or words, most probable first.

    Attributes:
        model: Name of the model.
        context: The text.
        next: The tokens.
    """

    model: str
    context: str
    next: list[TokenProbability]


class NextListener(WaitedListener):
    """Takes the most probable next tokens when a text is read.

    Args:
        tokenizer: The tokenizer; the tokens that it does not generate are left out.
        k: Number of tokens.
        never_ids: Ids that the model never predicts.

    Attributes:
        found: The tokens.
    """

    def __init__(self, tokenizer: Tokenizer, *, k: int, never_ids: Sequence[int]) -> None:
        super().__init__()
        self._tokenizer = tokenizer
        self._k = k
        self._left_out = torch.tensor([*tokenizer.banned_ids, *never_ids], dtype=torch.int64)
        self.found: list[TokenProbability] = []

    def on_read(self, session: Session) -> None:
        """Take the tokens."""
        log_probs = session.log_probs[0].index_fill(0, self._left_out, -torch.inf)
        top = top_tokens(log_probs, self._k)
        probabilities = torch.tensor(top.log_probs, dtype=torch.float64).exp().tolist()
        self.found = [
            TokenProbability(token=self._tokenizer.token_text(token_id), probability=probability)
            for token_id, probability in zip(top.token_ids, probabilities, strict=True)
        ]


def prediction_routes(context: Context) -> APIRouter:
    """Return the routes that predict words."""
    router = APIRouter(tags=["Text"], responses=ERRORS)

    @router.post("/v1/next")
    async def next_words(request: NextRequest, http: HttpRequest) -> PredictionBody:
        """Return the most probable next words, or tokens, as `nextword next` does."""
        served = context.models.find_forward(request.model)
        if not request.tokens:
            is_between = not request.text or request.text[-1] in WORD_SEPARATORS
            typed = request.text if is_between else request.text + " "
            found = await _completed(served, context, typed, k=request.k, http=http)
            return PredictionBody(model=served.name, context=request.text, next=found)
        ids = tuple(served.tokenizer.encode(request.text).ids.tolist())
        context.require_prompt("text", [ids])
        listener = NextListener(
            served.tokenizer, k=request.k, never_ids=served.language_model.never_ids
        )
        requests = [(Request(prompt_ids=ids), listener)]
        timeout_s = context.limits.request_timeout_s
        await run_requests(served.engine, requests, http=http, timeout_s=timeout_s)
        return PredictionBody(model=served.name, context=request.text, next=listener.found)

    @router.post("/v1/complete")
    async def complete(request: PredictionRequest, http: HttpRequest) -> PredictionBody:
        """Complete the partial word at the end of a text."""
        served = context.models.find_forward(request.model)
        found = await _completed(served, context, request.text, k=request.k, http=http)
        return PredictionBody(model=served.name, context=request.text, next=found)

    return router


def require_short(context: Context, ids: Sequence[int]) -> None:
    """Refuse a text that is too long to be read in one step of the engine.

    Args:
        context: The limits.
        ids: Its token ids.

    Raises:
        ApiError: It has too many tokens.
    """
    context.require_prompt("text", [ids])
    if len(ids) > MAX_TYPED_TOKENS:
        raise ApiError(
            f"the text has {len(ids)} tokens; the limit is {MAX_TYPED_TOKENS}.",
            help="Send the end of the text.",
            param="text",
            code="limit_exceeded",
        )


async def _completed(
    served: Served, context: Context, text: str, *, k: int, http: HttpRequest
) -> list[TokenProbability]:
    """Return the most probable words that begin with the end of a text.

    The search for words of models without a word vocabulary is limited, as for a keyboard.
    """
    require_short(context, served.tokenizer.encode(text).ids.tolist())

    def suggestions() -> list[tuple[str, float]]:
        session = TypingSession(served.language_model, served.tokenizer, context=text)
        return session.suggestions(k)

    timeout_s = context.limits.request_timeout_s
    pairs = await run_call(served.engine, suggestions, http=http, timeout_s=timeout_s)
    return [TokenProbability(token=word, probability=share) for word, share in pairs]
