"""Who is answered, and what is too large, too slow or too deep."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from nextword.serving.http import BodyGuard, json_depth
from served_models import HOST, client_of, served_model

MODEL = served_model()
DEEP = b"[" * 100_000


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with client_of(
        {"words": MODEL},
        limits={"max_body_bytes": 10_000},
        allowed_hosts=("models.example",),
        allowed_origins=("https://page.example",),
    ) as made:
        yield made


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LOCALHOST:9", 200),
        ("[::1]:8000", 200),
        ("models.example", 200),
        ("models.example:443", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example:8000", 403),
        ("", 403),
        ("a:b:c", 403),
        ("localhost:port", 403),
    ],
)
def test_host_is_known_or_refused(host: str, status: int, client: TestClient) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (HOST, 200),
        ("https://page.example", 200),
        ("https://evil.example", 403),
        ("http://127.0.0.1:9999", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
def test_origin_is_known_or_refused(origin: str, status: int, client: TestClient) -> None:
    response = client.get("/v1/models", headers={"origin": origin})

    assert response.status_code == status
    allowed = response.headers.get("access-control-allow-origin")
    assert allowed == ("https://page.example" if origin == "https://page.example" else None)


def test_key_is_needed_but_for_health() -> None:
    with client_of({"words": MODEL}, api_key="secret") as client:
        assert client.get("/healthz").status_code == 200
        for headers in ({}, {"authorization": "Bearer other"}, {"authorization": "secret"}):
            response = client.get("/v1/models", headers=headers)
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.json()["error"]["code"] == "invalid_api_key"
        for key in ("Bearer secret", "bearer secret"):
            assert client.get("/v1/models", headers={"authorization": key}).status_code == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"prompt": "' + b"w1 " * 5000 + b'"}', 413),
        (b'{"prompt": ' + b"[" * 2000 + b"]" * 2000 + b"}", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"", 400),
        (b'{"temperature": NaN}', 422),
        (b'{"prompt": "\\ud800"}', 422),
    ],
)
def test_broken_body_is_refused(content: bytes, status: int, client: TestClient) -> None:
    response = client.post(
        "/v1/completions", content=content, headers={"content-type": "application/json"}
    )

    assert response.status_code == status, response.text
    assert response.json()["error"]["message"]


def test_half_of_a_surrogate_pair_is_refused_with_its_field(client: TestClient) -> None:
    response = client.post(
        "/v1/completions",
        content=b'{"prompt": ["a", "\\ud800"]}',
        headers={"content-type": "application/json"},
    )

    error = response.json()["error"]
    assert (response.status_code, error["param"], error["code"]) == (422, "prompt", "invalid_value")
    assert error["message"].startswith("prompt: a text has half of a surrogate pair")


def test_body_without_a_declared_size_is_cut_off(client: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1000
            yield b" " * 1000

    response = client.post("/v1/completions", content=endless())

    assert response.status_code == 413


def test_unknown_path_and_method_have_an_error_object(client: TestClient) -> None:
    assert client.get("/none").json()["error"]["type"] == "not_found_error"
    assert client.delete("/v1/models").status_code == 405
    for path in ("/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/v1/models/..%2f..%2fetc"):
        assert client.get(path).status_code == 404


def test_depth_does_not_count_brackets_in_texts() -> None:
    assert json_depth(b'{"a": "[[[[", "b": [1, "\\"[["]}', limit=9) == 2
    assert json_depth(DEEP, limit=9) == 10
    assert json_depth(b"[]" * 100, limit=9) == 1


@pytest.mark.parametrize("body", [b'"' + b'\\"' * 500_000, b'"' * 999_999, b"\\" * 999_999])
def test_depth_takes_linear_time(body: bytes) -> None:
    started = time.perf_counter()

    json_depth(body, limit=9)

    assert time.perf_counter() - started < 5.0


def run_guard(messages: list[Message], *, hangs: bool = False) -> list[Message]:
    """Send messages to a guard, and return what it answers."""
    answers: list[Message] = []
    left = list(messages)

    async def receive() -> Message:
        if not left and hangs:
            await asyncio.sleep(60)
        return left.pop(0) if left else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answers.append(message)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body["body"]})

    guard = BodyGuard(app, max_bytes=100, max_depth=3, timeout_s=0.05)
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/", "headers": []}
    asyncio.run(guard(scope, receive, send))
    return answers


def part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def test_body_in_parts_is_joined() -> None:
    answers = run_guard([part(b"[1,", more=True), part(b"2]", more=False)])

    assert answers[1]["body"] == b"[1,2]"


def test_slow_body_is_refused() -> None:
    start, body = run_guard([part(b"[1", more=True)], hangs=True)

    assert start["status"] == 408
    assert (b"connection", b"close") in start["headers"]
    assert json.loads(body["body"])["error"]["code"] == "body_timeout"


def test_client_that_leaves_is_not_answered() -> None:
    assert run_guard([part(b"[1", more=True)]) == []


def test_metrics_count_requests_by_route() -> None:
    with client_of({"words": MODEL}) as client:
        client.post("/v1/completions", json={"prompt": "w1", "max_tokens": 7})
        for number in range(3):
            client.get(f"/none/{number}")

        text = client.get("/metrics").text

    assert 'nextword_http_requests_total{route="/v1/completions",status="200"} 1.0' in text
    assert 'nextword_http_requests_total{route="other",status="404"} 3.0' in text
    assert 'nextword_generated_tokens_total{model="words"} 7.0' in text
    assert 'nextword_pending_samples{model="words"} 0.0' in text
    assert "/none/" not in text


def test_ready_until_it_stops(client: TestClient) -> None:
    with client_of({"words": MODEL}) as stopping:
        assert stopping.get("/readyz").status_code == 200
        stopping.app.state.models.drain()  # type: ignore[attr-defined]
        assert stopping.get("/healthz").status_code == 200
        response = stopping.get("/readyz")
        refused = stopping.post("/v1/completions", json={"prompt": "w1"})

    for each in (response, refused):
        assert each.status_code == 503
        assert each.headers["retry-after"] == "1"
