"""`nextword serve` as a process that tests talk to."""

import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass

import httpx2 as httpx

WAIT_S = 120.0
KEY = "a-secret"


@dataclass
class Server:
    """A running server."""

    process: "subprocess.Popen[str]"
    url: str

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    def client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {KEY}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=WAIT_S)


def start_server(*arguments: str) -> Server:
    command = [sys.executable, "-m", "nextword", "serve", "--port", "0", *arguments]
    environment = {**os.environ, "NEXTWORD_API_KEY": KEY}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait(WAIT_S)
        raise AssertionError(process.stderr.read() if process.stderr else "")
    return Server(process, line.split()[-1])


def is_closed_within(connection: socket.socket, seconds: float) -> bool:
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False


def metric(client: httpx.Client, name: str) -> float:
    found = re.search(rf"^{name}{{[^}}]*}} (\S+)$", client.get("/metrics").text, re.M)
    assert found is not None
    return float(found[1])
