"""`nextword serve` as a process: the official client, deadlines, and a graceful stop."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from cli.caller import Call
from nextword.cli.serve import model_names
from server_process import KEY, WAIT_S, Server, is_closed_within, metric, start_server

LIMITS = ("limits.header_timeout_s=1", "limits.body_timeout_s=1", "limits.max_tokens=100000")


@pytest.fixture(scope="module")
def server(word_run: Path) -> Iterator[Server]:
    made = start_server(
        f"tiny={word_run}", *(part for limit in LIMITS for part in ("--set", limit))
    )
    yield made
    made.process.kill()
    made.process.communicate()


@pytest.fixture(scope="module")
def official(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY, timeout=WAIT_S) as client:
        yield client


def test_official_client_lists_and_completes(official: openai.OpenAI, word_run: Path) -> None:
    import nextword as nw

    assert [model.id for model in official.models.list()] == ["tiny"]

    completion = official.completions.create(
        model="tiny", prompt="w1 w2", max_tokens=8, seed=3, logprobs=2, echo=True, n=2
    )

    expected = nw.load(word_run).samples("w1 w2", num_samples=2, max_tokens=8, seed=3)
    assert [each.text for each in completion.choices] == ["w1 w2" + e.text for e in expected]
    logprobs = completion.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.token_logprobs is not None
    assert logprobs.token_logprobs[0] is None
    assert completion.usage is not None
    assert completion.usage.total_tokens == 18


def test_official_client_streams(official: openai.OpenAI) -> None:
    fields: dict[str, Any] = {"model": "tiny", "prompt": "w1", "max_tokens": 20, "seed": 1}
    whole = official.completions.create(**fields)

    chunks = list(
        official.completions.create(**fields, stream=True, stream_options={"include_usage": True})
    )

    assert len({chunk.id for chunk in chunks}) == 1
    texts = [choice.text for chunk in chunks for choice in chunk.choices]
    assert "".join(texts) == whole.choices[0].text
    assert len(texts) > 10
    assert chunks[-1].usage == whole.usage


def test_official_client_gets_typed_errors(official: openai.OpenAI, server: Server) -> None:
    with pytest.raises(openai.NotFoundError, match="there is no model 'other'"):
        official.completions.create(model="other", prompt="w1")
    with pytest.raises(openai.UnprocessableEntityError, match="suffix"):
        official.completions.create(model="tiny", prompt="w1", suffix="end")
    with (
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError, match="the key is wrong"),
    ):
        stranger.models.list()


def test_connection_without_a_whole_header_is_closed(server: Server) -> None:
    slow = [socket.create_connection(server.address) for _ in range(20)]
    for number, connection in enumerate(slow):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n"[: number + 1])

    with server.client() as client:
        assert client.get("/v1/models").status_code == 200

    assert all(is_closed_within(connection, WAIT_S) for connection in slow)
    for connection in slow:
        connection.close()


def test_body_that_does_not_arrive_is_refused(server: Server) -> None:
    with socket.create_connection(server.address) as connection:
        connection.sendall(
            b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
            + f"Authorization: Bearer {KEY}\r\n\r\n{{".encode()
        )
        connection.settimeout(WAIT_S)

        assert connection.recv(100).startswith(b"HTTP/1.1 408")


def test_streams_that_are_left_free_their_rows(server: Server) -> None:
    body = {"prompt": "w1", "max_tokens": 100_000, "stream": True}
    with server.client() as client:
        for _ in range(10):
            with client.stream("POST", "/v1/completions", json=body) as response:
                next(response.iter_lines())
        end = time.monotonic() + WAIT_S
        while metric(client, "nextword_pending_samples") and time.monotonic() < end:
            time.sleep(0.05)

        assert metric(client, "nextword_pending_samples") == 0
        assert metric(client, "nextword_running_samples") == 0


def test_sigterm_completes_the_streams_and_exits_with_0(server: Server) -> None:
    """The last test of this server."""
    answers: list[str] = []
    begun = threading.Semaphore(0)  # released by each stream that has begun

    def read() -> None:
        body = {"prompt": "w1", "max_tokens": 600, "stream": True}
        with (
            server.client() as client,
            client.stream("POST", "/v1/completions", json=body) as response,
        ):
            lines = response.iter_lines()
            answers.append(next(lines))
            begun.release()
            answers.extend(lines)

    threads = [threading.Thread(target=read) for _ in range(10)]
    for thread in threads:
        thread.start()
    assert all(begun.acquire(timeout=WAIT_S) for _ in threads)

    server.process.send_signal(signal.SIGTERM)

    for thread in threads:
        thread.join(WAIT_S)
    out, err = server.process.communicate(timeout=WAIT_S)
    assert (server.process.returncode, out, err) == (0, "", "")
    assert answers.count("data: [DONE]") == 10
    reasons = [
        json.loads(line.removeprefix("data: "))["choices"][0]["finish_reason"]
        for line in answers
        if line.startswith("data: {")
    ]
    assert reasons.count("length") == 10
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(server.address)


def test_names_are_those_of_folders_unless_they_are_set(tmp_path: Path) -> None:
    (tmp_path / "a=b").mkdir()

    named = model_names(
        ["runs/demo", "small=runs/other/", "x.arpa.gz", "hf:gpt2", str(tmp_path / "a=b"), "hf:o/n"]
    )

    assert named == {
        "demo": "runs/demo",
        "small": "runs/other/",
        "x": "x.arpa.gz",
        "hf:gpt2": "hf:gpt2",
        "a=b": str(tmp_path / "a=b"),
        "n": "hf:o/n",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("runs/a", "other/a"), "two models have the name 'a'"),
        (("nowhere",), "nowhere"),
        (("x", "--port", "-1"), "port"),
        (("x", "--set", "limits.max_token=3"), "max_tokens"),
        (("x", "--set", "limits.max_tokens=0"), "max_tokens"),
        (("x", "--set", "limits.max_rows=1"), "limits.max_samples is 16"),
        (("x", "--api-key", ""), "api_key"),
    ],
)
def test_wrong_options_are_refused(arguments: tuple[str, ...], message: str, cli: Call) -> None:
    finished = cli("serve", *arguments)

    assert finished.code == 2
    assert message in finished.err


def test_used_port_is_refused(word_run: Path, cli: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        finished = cli("serve", word_run, "--port", used.getsockname()[1])

    assert finished.code == 2
    assert "cannot be bound" in finished.err


def test_missing_extra_is_named(cli: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("nextword.serving")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)

    finished = cli("serve", "x")

    assert finished.code == 2
    assert "nextword.serving needs uvicorn, which is not installed" in finished.err
    assert "nextword[serve]" in finished.err


def test_help_does_not_load_the_server() -> None:
    code = (
        "import sys, nextword, nextword.cli; nextword.cli.main(['serve', '--help']);"
        "print(sorted({'torch', 'fastapi', 'uvicorn', 'prometheus_client'} & set(sys.modules)))"
    )

    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert finished.stdout.splitlines()[-1] == "[]"
