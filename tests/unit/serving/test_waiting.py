"""Full queues, time limits and clients that leave."""

import asyncio
import json
import threading
import time
from typing import Any

import pytest
import torch
from starlette.types import Message

from fakes import HashModel
from nextword.api import Model
from nextword.serving import Limits, ServerConfig, create_app
from nextword.tensors import Lengths, LogProbs, TokenIds
from served_models import client_of, model_of, served_model

TOKENIZER = served_model().tokenizer
WAIT_S = 30.0


class Slow(HashModel):
    """Waits at each call until it is let on."""

    def __init__(self) -> None:
        super().__init__(TOKENIZER.vocab_size, boundary_id=TOKENIZER.boundary_id)
        self.gate = threading.Event()

    def next_log_probs(
        self, token_ids: TokenIds, state: Any, lengths: Lengths | None = None
    ) -> tuple[LogProbs, Any]:
        self.gate.wait(0.02)
        return super().next_log_probs(token_ids, state, lengths)


def slow_model() -> Model:
    return model_of(Slow(), TOKENIZER)


LONG = {"prompt": "w1", "max_tokens": 1000}


@pytest.mark.parametrize("stream", [False, True])
def test_request_beyond_the_queue_is_refused_at_once(stream: bool) -> None:
    limits = {"max_rows": 2, "max_queue": 0, "max_samples": 2}
    with client_of({"words": slow_model()}, limits=limits) as client:
        engine = next(iter(client.app.state.models)).engine  # type: ignore[attr-defined]
        busy = threading.Thread(
            target=client.post, args=("/v1/completions",), kwargs={"json": {**LONG, "n": 2}}
        )
        busy.start()
        while engine.num_pending < 2:
            time.sleep(0.01)

        response = client.post("/v1/completions", json={**LONG, "stream": stream})

        assert response.status_code == 429
        assert response.headers["retry-after"] == "1"
        assert response.json()["error"]["code"] == "queue_full"
        for served in client.app.state.models:  # type: ignore[attr-defined]
            served.engine.close(grace_s=0)
        busy.join()


def test_request_that_takes_too_long_is_ended() -> None:
    with client_of({"words": slow_model()}, limits={"request_timeout_s": 0.3}) as client:
        response = client.post("/v1/completions", json=LONG)
        streamed = client.post("/v1/completions", json={**LONG, "stream": True})
        engine = next(iter(client.app.state.models)).engine  # type: ignore[attr-defined]
        assert_free(engine)

    assert response.status_code == 503
    assert response.json()["error"]["code"] == "request_timeout"
    *_, error, done, _ = streamed.text.split("\n\n")
    assert json.loads(error.removeprefix("data: "))["error"]["code"] == "request_timeout"
    assert done == "data: [DONE]"


def assert_free(engine: Any) -> None:
    end = time.monotonic() + WAIT_S
    while engine.num_pending + engine.num_running and time.monotonic() < end:
        time.sleep(0.005)
    assert (engine.num_pending, engine.num_running) == (0, 0)


@pytest.mark.parametrize("stream", [False, True])
def test_client_that_leaves_frees_its_rows(stream: bool) -> None:
    app = create_app({"words": slow_model()}, ServerConfig(limits=Limits(grace_s=0)))
    body = json.dumps({**LONG, "n": 3, "stream": stream}).encode()
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/completions",
        "raw_path": b"/v1/completions",
        "query_string": b"",
        "headers": headers,
        "http_version": "1.1",
        "scheme": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
    }
    engine = next(iter(app.state.models)).engine
    engine.start()

    async def leave() -> list[Message]:
        sent: list[Message] = []
        left = asyncio.Event()
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if messages:
                return messages.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        running = asyncio.create_task(app(scope, receive, send))
        while not engine.num_running:
            await asyncio.sleep(0.01)
        left.set()
        await asyncio.wait_for(running, WAIT_S)
        return sent

    sent = asyncio.run(leave())

    assert_free(engine)
    engine.close(grace_s=0)
    assert sent[0]["status"] == (200 if stream else 499)


def test_prompts_of_different_clients_share_batches() -> None:
    model = served_model()
    with client_of({"words": model}, limits={"max_rows": 4, "max_samples": 4}) as client:
        found: dict[int, str] = {}

        def ask(seed: int) -> None:
            body = {"prompt": f"w{seed}", "max_tokens": 10 + seed, "seed": seed}
            found[seed] = client.post("/v1/completions", json=body).json()["choices"][0]["text"]

        threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    for seed, text in found.items():
        assert text == model.generate(f"w{seed}", max_tokens=10 + seed, seed=seed)
    assert len(found) == 9


def test_weights_that_are_not_finite_are_an_error_of_the_server() -> None:
    model = served_model()
    with torch.no_grad():
        for parameter in model.language_model.parameters():  # type: ignore[attr-defined]
            parameter.fill_(torch.nan)
    with client_of({"words": model}) as client:
        response = client.post("/v1/completions", json={"prompt": "w1"})

    assert response.status_code == 500
    assert "NaN" in response.json()["error"]["message"]
