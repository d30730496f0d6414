"""A completion as a stream of server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from nextword.serving.http import RequestTimeoutError, abandon, as_api_error, error_body
from nextword.serving.openai.jobs import Job
from nextword.serving.openai.responses import Envelope, choice_body, usage_body
from nextword.serving.openai.samples import Piece

_DONE = b"data: [DONE]\n\n"
#: A proxy must not collect the events.
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class CompletionStream(StreamingResponse):
    """Sends each part of a completion as soon as it is generated.

    All chunks have the same `id`. The last chunk of each choice has its `finish_reason`; with
    `include_usage`, a chunk without choices follows, with the numbers of tokens; `[DONE]` is last.
    An error after the first chunk is sent as an event with an error object.

    If the client disconnects, the requests leave the engine.

    Args:
        job: The request that was checked.
        timeout_s: Longest time, in seconds.

    Raises:
        QueueFullError: The queue is full.
    """

    def __init__(self, job: Job, *, timeout_s: float) -> None:
        self._job = job
        self._timeout_s = timeout_s
        self._queue: asyncio.Queue[Piece | RequestTimeoutError | None] = asyncio.Queue()
        requests = job.requests(self._queue.put_nowait)
        self._listeners = [listener for _, listener in requests]
        self._envelope = Envelope(job.served.name)
        # Submitted before the response begins, so that a full queue has a status of its own.
        self._tickets = job.engine.submit(requests)
        super().__init__(self._events(), media_type="text/event-stream", headers=_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response; in any case, nothing is left in the engine."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            for ticket in self._tickets:
                if not ticket.is_closed:
                    self._job.engine.cancel(ticket)

    async def _events(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        timeout = RequestTimeoutError(self._timeout_s)
        timer = loop.call_later(self._timeout_s, self._queue.put_nowait, timeout)
        ended = asyncio.gather(*(listener.ended for listener in self._listeners))
        # All parts of a request are put into the queue before its end is told.
        ended.add_done_callback(lambda _: self._queue.put_nowait(None))
        try:
            while (item := await self._queue.get()) is not None:
                if isinstance(item, RequestTimeoutError):
                    raise item
                yield b"".join([self._chunk(item), *self._ready_chunks()])
            await ended
            if self._includes_usage:
                yield _event(self._usage())
        except Exception as error:
            yield _event(error_body(as_api_error(error)))
        finally:
            timer.cancel()
            abandon(ended)
        yield _DONE

    @property
    def _includes_usage(self) -> bool:
        options = self._job.request.stream_options
        return options is not None and options.include_usage

    def _ready_chunks(self) -> list[bytes]:
        """Return further chunks that need not be waited for."""
        chunks = []
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if not isinstance(item, Piece):
                self._queue.put_nowait(item)
                break
            chunks.append(self._chunk(item))
        return chunks

    def _chunk(self, piece: Piece) -> bytes:
        choice = choice_body(piece, with_logprobs=self._job.request.logprobs is not None)
        usage = {"usage": None} if self._includes_usage else {}
        return _event(self._envelope.body([choice], **usage))

    def _usage(self) -> dict[str, Any]:
        num_sampled = sum(listener.num_sampled for listener in self._listeners)
        usage = usage_body(num_prompt=self._job.num_prompt_tokens, num_sampled=num_sampled)
        return self._envelope.body([], usage=usage)


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(body, separators=(",", ":"), allow_nan=False).encode() + b"\n\n"
