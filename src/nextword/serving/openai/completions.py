"""`POST /v1/completions`."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from fastapi import Request as HttpRequest
from fastapi.responses import JSONResponse, Response

from nextword.serving.context import Context
from nextword.serving.http import ERRORS, run_requests
from nextword.serving.openai.jobs import Job, checked_job
from nextword.serving.openai.listening import PromptListener
from nextword.serving.openai.requests import CompletionRequest
from nextword.serving.openai.responses import (
    CompletionResponse,
    Envelope,
    choice_body,
    joined,
    usage_body,
)
from nextword.serving.openai.streaming import CompletionStream


def completion_routes(context: Context) -> APIRouter:
    """Return the route of completions."""
    router = APIRouter(tags=["OpenAI protocol"], responses=ERRORS)

    @router.post("/v1/completions", response_model=CompletionResponse)
    async def create_completion(request: CompletionRequest, http: HttpRequest) -> Response:
        """Continue prompts, or score them with `echo` and `logprobs`."""
        job = checked_job(request, context)
        timeout_s = context.limits.request_timeout_s
        if request.stream:
            return CompletionStream(job, timeout_s=timeout_s)
        requests = job.requests()
        await run_requests(job.engine, requests, http=http, timeout_s=timeout_s)
        return JSONResponse(_body(job, [listener for _, listener in requests]))

    return router


def _body(job: Job, listeners: Sequence[PromptListener]) -> dict[str, Any]:
    with_logprobs = job.request.logprobs is not None
    pieces = joined(piece for listener in listeners for piece in listener.pieces)
    num_sampled = sum(listener.num_sampled for listener in listeners)
    return Envelope(job.served.name).body(
        [choice_body(piece, with_logprobs=with_logprobs) for piece in pieces],
        usage=usage_body(num_prompt=job.num_prompt_tokens, num_sampled=num_sampled),
    )
