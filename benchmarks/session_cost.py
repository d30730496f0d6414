"""Measure sessions of the server: their memory, and the time of an answer after a long text.

    python benchmarks/session_cost.py runs/lstm-small

It starts `nextword serve` on a free port. Times are those of the clock, of a short and a long
session in turn; memory is the resident memory of the server's process.
"""

import argparse
import http.client
import json
import random
import statistics
import time

from server_speed import resident_mib, serving

NUM_SESSIONS = 1000
#: Tokens that the long session reads, in requests of PART tokens.
LONG, PART = 100_000, 20_000
NUM_ANSWERS = 200


class Client:
    """One connection to the server."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        """Return the answer to a request."""
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", path, json.dumps(body), headers)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        if response.status >= 400:
            raise SystemExit(f"{path}: {answer}")
        return answer

    def new_session(self) -> str:
        """Return the id of a new session."""
        return str(self.post("/v1/sessions", {})["id"])

    def seconds_of_next(self, session: str) -> float:
        """Return the duration of a question for the next words."""
        started = time.perf_counter()
        self.post(f"/v1/sessions/{session}/next", {"k": 5})
        return time.perf_counter() - started


def main() -> None:
    """Start a server, measure its sessions, and stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    options = parser.parse_args()
    generator = random.Random(0)
    with serving(options.model) as (port, process):
        client = Client(port)
        token_ids = [generator.randrange(2, 100) for _ in range(LONG)]
        long, short = client.new_session(), client.new_session()
        for start in range(0, LONG, PART):
            body: dict[str, object] = {"token_ids": token_ids[start : start + PART]}
            described = client.post(f"/v1/sessions/{long}/append", body)
        times: dict[str, list[float]] = {long: [], short: []}
        for _ in range(NUM_ANSWERS):
            for session, found in times.items():
                found.append(client.seconds_of_next(session))
        before = resident_mib(process)
        for _ in range(NUM_SESSIONS):
            session = client.new_session()
            described = client.post(f"/v1/sessions/{session}/append", {"token_ids": token_ids[:10]})
        after = resident_mib(process)
    size = described["num_bytes"]
    print(f"{NUM_SESSIONS:,} sessions of {size:,} bytes: {after - before:.1f} MiB more memory")
    for name, session in ((f"{LONG:,} tokens", long), ("no token", short)):
        milliseconds = 1e3 * statistics.median(times[session])
        print(f"`next` after {name}: median {milliseconds:.2f} ms of {NUM_ANSWERS}")


if __name__ == "__main__":
    main()
