"""A server under load, attack and termination. Sizes are those of a machine with two cores.

NEXTWORD_SOAK_S sets the length of the load and of the soak, 10 seconds by default.
"""

import contextlib
import os
import random
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from fakes import random_text
from server_process import KEY, WAIT_S, Server, is_closed_within, metric, start_server

pytestmark = [pytest.mark.exhaustive, pytest.mark.slow, pytest.mark.timeout(1800)]
SOAK_S = float(os.environ.get("NEXTWORD_SOAK_S", "10"))
# So many that the server spends its time with the model, not with HTTP.
NUM_TOKENS = 1000
OPTIONS = ("--max-rows", "16", "--max-queue", "8", "--set", "limits.grace_s=20")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a small word model."""
    import nextword as nw

    folder = tmp_path_factory.mktemp("run")
    text = folder / "text.txt"
    text.write_text(random_text(400, num_words=200), encoding="utf-8")
    settings = {"model": {"hidden_size": 64}, "training": {"epochs": 1, "batch_size": 4}}
    nw.train([str(text)], out=folder / "run", recipe="lstm-small", settings=settings)
    return folder / "run"


@pytest.fixture
def server(run: Path) -> Iterator[Server]:
    made = start_server(f"tiny={run}", *OPTIONS, "--set", "limits.max_tokens=1000000")
    yield made
    made.process.kill()
    made.process.communicate()


def resident_kib(server: Server) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def num_descriptors(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def in_threads(number: int, target: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=target, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def load(server: Server, *, num_clients: int, seconds: float) -> tuple[Counter[int], list[float]]:
    """Send requests from several clients; return the statuses and the times of the answers.

    A client that is refused waits as long as `Retry-After` says, as the openai client does.
    """
    statuses: Counter[int] = Counter()
    times: list[float] = []
    end = time.monotonic() + seconds

    def ask(index: int) -> None:
        with server.client() as client:
            while time.monotonic() < end:
                started = time.monotonic()
                body = {"prompt": f"w{index} w1", "max_tokens": NUM_TOKENS}
                response = client.post("/v1/completions", json=body)
                statuses[response.status_code] += 1
                if response.status_code == 200:
                    times.append(time.monotonic() - started)
                else:
                    time.sleep(float(response.headers["retry-after"]))

    in_threads(num_clients, ask)
    return statuses, times


def test_load_at_twice_the_capacity(server: Server) -> None:
    _, alone = load(server, num_clients=16, seconds=SOAK_S / 2)
    before = resident_kib(server)

    statuses, times = load(server, num_clients=50, seconds=SOAK_S)

    p99, p99_alone = (sorted(each)[int(0.99 * len(each))] for each in (times, alone))
    growth = resident_kib(server) / before - 1
    print(
        f"\n{dict(statuses)}, p99 {p99:.3f} s, at capacity {p99_alone:.3f} s, ratio "
        f"{p99 / p99_alone:.2f}, {growth:+.1%}"
    )
    assert set(statuses) <= {200, 429, 503}
    assert statuses[200] > 0
    assert growth < 0.05


def test_streams_that_are_left(server: Server) -> None:
    body = {"prompt": "w1", "max_tokens": 1_000_000, "stream": True}

    def leave(index: int) -> None:
        with server.client() as client:
            for _ in range(50):
                with client.stream("POST", "/v1/completions", json=body) as response:
                    if response.status_code == 200:
                        next(response.iter_lines())

    in_threads(10, leave)

    with server.client() as client:
        started = time.monotonic()
        assert wait_until(lambda: metric(client, "nextword_pending_samples") == 0, WAIT_S)
        print(f"\nfree after {time.monotonic() - started:.2f} s")
        assert metric(client, "nextword_running_samples") == 0


def times_of_answers(server: Server) -> list[float]:
    """Return the sorted times of 100 answers to one client."""
    times = []
    with server.client() as client:
        for _ in range(100):
            started = time.monotonic()
            response = client.post("/v1/completions", json={"prompt": "w1", "max_tokens": 5})
            times.append(time.monotonic() - started)
            assert response.status_code == 200
    return sorted(times)


def test_slow_connections_do_not_hold_up_a_client(server: Server) -> None:
    alone = times_of_answers(server)
    slow = [socket.create_connection(server.address) for _ in range(200)]
    for connection in slow:
        connection.sendall(b"POST /v1/completions HTTP/1.1\r\nX: ")
    opened = time.monotonic()

    beside = times_of_answers(server)

    assert all(is_closed_within(connection, WAIT_S) for connection in slow)
    print(
        f"\nclosed after {time.monotonic() - opened:.1f} s, p99 {1e3 * beside[98]:.1f} ms, without "
        f"the connections {1e3 * alone[98]:.1f} ms"
    )
    for connection in slow:
        connection.close()


def test_huge_and_broken_requests(server: Server) -> None:
    before, slowest = resident_kib(server), 0.0

    def chunks() -> Iterator[bytes]:
        for _ in range(1024):
            yield b" " * (1 << 20)

    def post(content: Any) -> httpx.Response:
        with server.client() as client:
            headers = {"content-type": "application/json"}
            return client.post("/v1/completions", content=content, headers=headers)

    for content in (
        b'{"prompt": "' + b"w1 " * 3_500_000 + b'"}',
        b'{"prompt": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"max_tokens": 1000000000}',
        b'{"max_tokens": 1e400}',
        b'{"prompt": {"a": 1}, "stop": 3}',
        b'{"prompt": "' + b"w1 " * 1_000_000 + b'"}',
    ):
        started = time.monotonic()
        assert 400 <= post(content).status_code < 500
        slowest = max(slowest, time.monotonic() - started)
    print(f"\nrefused within {slowest:.2f} s")
    # The server closes the connection while the body is sent.
    with contextlib.suppress(httpx.TransportError):
        assert post(chunks()).status_code == 413

    assert resident_kib(server) - before < 100 * 1024
    with server.client() as client:
        assert client.get("/readyz").status_code == 200


def raw_status(server: Server, path: str, *, host: str = "localhost") -> int:
    """Send a path as it is, which clients would normalize."""
    with socket.create_connection(server.address) as connection:
        connection.settimeout(WAIT_S)
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        return int(connection.recv(64).split()[1])


def test_paths_that_lead_outside(server: Server) -> None:
    generator = random.Random(0)
    steps = ["..", "%2e%2e", "..%2f", "%252e%252e", "....//", ".", "//", "%5c..", "\\.."]
    ends = ["etc/passwd", "proc/self/environ", "config.json", "model.safetensors"]
    prefixes = ["/", "/v1/models/", "/v1/sessions/", "/static/", "/page/"]

    statuses = Counter(
        raw_status(
            server,
            generator.choice(prefixes)
            + "/".join(generator.choices(steps, k=generator.randrange(1, 9)))
            + "/"
            + generator.choice(ends),
        )
        for _ in range(300)
    )

    assert set(statuses) <= {400, 404, 405}
    assert raw_status(server, "/v1/models", host="evil.example") == 403
    assert raw_status(server, "/v1/models") == 200


def test_soak_and_termination(server: Server) -> None:
    load(server, num_clients=8, seconds=SOAK_S / 2)
    descriptors, memory = num_descriptors(server), resident_kib(server)
    statuses, _ = load(server, num_clients=8, seconds=SOAK_S)
    assert set(statuses) == {200}
    assert wait_until(lambda: num_descriptors(server) <= descriptors, WAIT_S)
    growth = resident_kib(server) / memory - 1
    print(f"\nmemory {growth:+.1%} in {SOAK_S:.0f} s, {statuses[200]:,} answers")
    assert growth < 0.05
    finished: list[bool] = []
    begun = threading.Semaphore(0)

    def read(index: int) -> None:
        body = {"prompt": "w1", "max_tokens": 500, "stream": True}
        with (
            server.client() as client,
            client.stream("POST", "/v1/completions", json=body) as response,
        ):
            lines = response.iter_lines()
            next(lines)
            begun.release()
            finished.append(list(lines)[-2:] == ["data: [DONE]", ""])

    stop = threading.Thread(
        target=lambda: (
            [begun.acquire(timeout=WAIT_S) for _ in range(10)],
            server.process.send_signal(signal.SIGTERM),
        )
    )
    stop.start()
    in_threads(10, read)
    stop.join()

    assert server.process.wait(WAIT_S) == 0
    assert finished == [True] * 10
