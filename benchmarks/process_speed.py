"""Compare the training speed of two processes on two cores with that of one process on one core.

    python benchmarks/process_speed.py --rounds 3

The same model and batch are trained by turns in both ways, for a fixed number of updates. Each
process is bound to a core of its own. The speed is the median over the records of a training,
without the first. One line of JSON is printed, with every round and the median of the ratios.
"""

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

_VOCABULARY = 5_000
_NUM_TOKENS = 150_000


def write_text(path: Path) -> None:
    """Write random words whose frequencies follow Zipf's law."""
    generator = random.Random(0)
    words = [f"w{number}" for number in range(_VOCABULARY)]
    weights = [1.0 / (rank + 1) for rank in range(_VOCABULARY)]
    drawn = generator.choices(words, weights, k=_NUM_TOKENS)
    lines = (" ".join(drawn[start : start + 20]) for start in range(0, len(drawn), 20))
    path.write_text("\n".join(lines) + "\n")


def measure(text: Path, out: Path, *, cores: list[int], settings: list[str]) -> dict[str, float]:
    """Train with one process on each core; return tokens per second, and processor time in s."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port = opened.getsockname()[1]
    shared = {
        **os.environ,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(len(cores)),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "nextword", "train", str(text), "--out", str(out)]
    options = [word for each in settings for word in ("--set", each)]
    processes = [
        subprocess.Popen(
            [*command, "--recipe", "lstm-small", "--quiet", *options],
            env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda core=core: os.sched_setaffinity(0, {core}),
        )
        for rank, core in enumerate(cores)
    ]
    before = sum(os.times()[2:4])
    if any(process.wait() for process in processes):
        raise SystemExit("a training failed")
    cpu_s = sum(os.times()[2:4]) - before
    records = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    speeds = [each["train/tokens_per_second"] for each in records if "train/perplexity" in each]
    return {"tokens_per_second": statistics.median(speeds[1:]), "cpu_s": round(cpu_s, 2)}


def main() -> None:
    """Run the rounds and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=120)
    parser.add_argument("--batch-size", type=int, default=40)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    options = parser.parse_args()
    settings = [
        f"training.max_steps={options.updates}",
        "training.log_every=10",
        f"training.batch_size={options.batch_size}",
        "training.gradients_every=0",
        *options.settings,
    ]
    cores = sorted(os.sched_getaffinity(0))[:2]
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        write_text(text)
        for number in range(options.rounds):
            one = measure(text, Path(folder) / f"one-{number}", cores=cores[:1], settings=settings)
            two = measure(text, Path(folder) / f"two-{number}", cores=cores, settings=settings)
            ratio = round(two["tokens_per_second"] / one["tokens_per_second"], 3)
            rounds.append({"one": one, "two": two, "ratio": ratio})
            print(rounds[-1], file=sys.stderr)
    ratio = statistics.median(each["ratio"] for each in rounds)
    print(json.dumps({"rounds": rounds, "ratio": ratio, "load": os.getloadavg()}))


if __name__ == "__main__":
    main()
