"""Measure the server with many clients: tokens per second, gaps between tokens, the first token.

    python benchmarks/server_speed.py runs/lstm-small --clients 64 --seconds 30

It starts `nextword serve` on a free port, and reads its answers with one process of its own. So two
cores are needed, and no other program beside it. The figures are those of the clock.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: Tokens of one request; a client sends the next request at once.
STREAM_TOKENS, ANSWER_TOKENS = 200, 100
#: Requests that are measured one after the other on a server without load.
NUM_ALONE = 50


@dataclass
class Load:
    """What the clients of one load have seen.

    Attributes:
        tokens: Number of tokens of each client.
        gaps: Seconds between successive tokens of one answer, all clients together.
        firsts: Seconds from a request to its first token.
    """

    tokens: list[int] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)


async def request(port: int, *, max_tokens: int, stream: bool) -> tuple[float, list[float], int]:
    """Send a request; return its duration until the first data, times of all data, and tokens."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"prompt": "the", "max_tokens": max_tokens, "stream": stream}).encode()
    head = (
        f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    started = time.perf_counter()
    writer.write(head.encode() + body)
    times, tokens, whole = list[float](), 0, b""
    while line := await reader.readline():
        if stream and line.startswith(b"data: {"):
            times.append(time.perf_counter())
            tokens += 1
        elif not stream:
            whole += line
    writer.close()
    if not stream:
        usage = json.loads(whole[whole.index(b"{") : whole.rindex(b"}") + 1])["usage"]
        tokens, times = usage["completion_tokens"], [time.perf_counter()]
    return times[0] - started, times, tokens


async def load(port: int, *, clients: int, seconds: float, stream: bool) -> Load:
    """Let clients send requests, each one after the other, until the time is over."""
    found, end = Load(), time.perf_counter() + seconds

    async def client() -> None:
        total = 0
        while time.perf_counter() < end:
            length = STREAM_TOKENS if stream else ANSWER_TOKENS
            first, times, tokens = await request(port, max_tokens=length, stream=stream)
            total += tokens
            found.firsts.append(first)
            found.gaps += [late - early for early, late in itertools.pairwise(times)]
        found.tokens.append(total)

    await asyncio.gather(*(client() for _ in range(clients)))
    return found


def resident_mib(process: subprocess.Popen[bytes]) -> float:
    """Return the resident memory of a process, in MiB."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def percentile(values: list[float], share: float) -> float:
    """Return a percentile by the nearest rank."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def measure(
    port: int, process: subprocess.Popen[bytes], *, clients: int, seconds: float
) -> None:
    """Print the figures of a server."""
    alone = [await request(port, max_tokens=8, stream=True) for _ in range(NUM_ALONE)]
    firsts = [first for first, _, _ in alone]
    print(
        f"first token without load: median {1e3 * statistics.median(firsts):.1f} ms, "
        f"largest {1e3 * max(firsts):.1f} ms"
    )
    for stream in (True, False):
        before, started = resident_mib(process), time.perf_counter()
        found = await load(port, clients=clients, seconds=seconds, stream=stream)
        taken = time.perf_counter() - started
        kind = "streams" if stream else "answers in one piece"
        print(
            f"{clients} clients, {kind}: {sum(found.tokens) / taken:,.0f} tokens/s in all, "
            f"slowest client {min(found.tokens) / taken:.1f} tokens/s, resident memory "
            f"{before:.0f} MiB before and {resident_mib(process):.0f} MiB after"
        )
        if found.gaps:
            print(
                f"  gaps between tokens: median {1e3 * statistics.median(found.gaps):.1f} ms, "
                f"p99 {1e3 * percentile(found.gaps, 0.99):.1f} ms; first token: "
                f"p99 {1e3 * percentile(found.firsts, 0.99):.0f} ms"
            )


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Start `nextword serve` with these arguments on a free port; return the port and the process.

    It is stopped at the end of the context.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "nextword", "serve", "--port", str(port), *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Start a server, measure it, and stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--precision", default="float32")
    options = parser.parse_args()
    arguments = (options.model, "--precision", options.precision, "--max-rows", options.clients)
    with serving(*map(str, arguments)) as (port, process):
        asyncio.run(measure(port, process, clients=options.clients, seconds=options.seconds))


if __name__ == "__main__":
    main()
