"""Measure `nextword filter` on a large corpus; kill it, repeat it, and compare with Ray Data.

    python benchmarks/filter_speed.py --megabytes 1000 --processes 2

Shards of random documents are written, and scored by the recipe `ngram-5`. One line of JSON is
printed for each run: duration, processor time, and megabytes of JSON lines per second of both. Then
a run is killed in the middle and repeated, and with `--ray` the same is done by Ray Data; their
files have to be equal to those of the first run, and have as many lines as the shards.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from large_text import write_text

_NUM_SHARDS = 16
_LINES_PER_DOCUMENT = 30


def write_shards(folder: Path, *, megabytes: float) -> None:
    """Write documents of some lines, as JSON lines in several files."""
    text = folder / "text.txt"
    write_text(text, megabytes=megabytes / _NUM_SHARDS)
    lines = text.read_text().splitlines()
    for shard in range(_NUM_SHARDS):
        with (folder / f"shard-{shard:02d}.jsonl").open("w") as file:
            # Each shard begins at another line, so that no two are equal.
            turned = lines[shard:] + lines[:shard]
            for number, start in enumerate(range(0, len(turned), _LINES_PER_DOCUMENT)):
                document = "\n".join(turned[start : start + _LINES_PER_DOCUMENT])
                file.write(json.dumps({"id": f"{shard}-{number}", "text": document}) + "\n")


def start(words: list[str]) -> "subprocess.Popen[bytes]":
    """Start the command."""
    command = [sys.executable, "-m", "nextword", "filter", *words, "--quiet", "--json"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def measure(name: str, words: list[str], *, megabytes: float) -> dict[str, object]:
    """Run the command; return its duration and processor time, those of its processes included."""
    started = time.monotonic()
    before = os.times()
    code = start(words).wait()
    after = os.times()
    seconds = time.monotonic() - started
    cpu_s = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    return {
        "run": name,
        "exit_code": code,
        "megabytes": round(megabytes, 1),
        "seconds": round(seconds, 1),
        "cpu_s": round(cpu_s, 1),
        "mb_per_s": round(megabytes / seconds, 2),
        "mb_per_cpu_s": round(megabytes / cpu_s, 2),
    }


def equal_files(one: Path, other: Path) -> bool:
    """Whether two folders have the same results."""
    names = sorted(path.name for path in one.glob("shard-*"))
    return names == sorted(path.name for path in other.glob("shard-*")) and all(
        (one / name).read_bytes() == (other / name).read_bytes() for name in names
    )


def num_lines(paths: list[Path]) -> int:
    """Number of lines of files."""
    return sum(path.read_bytes().count(b"\n") for path in paths)


def main() -> None:
    """Measure, kill, repeat and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=1000.0)
    parser.add_argument("--train-megabytes", type=float, default=5.0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="folder for the corpus; removed afterwards")
    parser.add_argument("--ray", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        write_shards(folder, megabytes=options.megabytes)
        shards = sorted(folder.glob("shard-*.jsonl"))
        size = sum(path.stat().st_size for path in shards) / 1e6
        write_text(folder / "train.txt", megabytes=options.train_megabytes)
        train = [str(folder / "train.txt"), "--out", str(folder / "lm"), "--recipe", "ngram-5"]
        command = [sys.executable, "-m", "nextword", "train", *train, "--quiet"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        words = [*map(str, shards), "--model", str(folder / "lm")]
        parallel = ["--processes", str(options.processes)]
        whole = [*words, *parallel, "--out", str(folder / "whole")]
        found = measure("whole", whole, megabytes=size)
        print(json.dumps(found), flush=True)

        killed = [*words, *parallel, "--out", str(folder / "killed")]
        process = start(killed)
        time.sleep(float(str(found["seconds"])) / 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        num_done = len(list((folder / "killed").glob("shard-*")))
        print(json.dumps({"run": "killed", "num_shards_done": num_done}), flush=True)
        print(json.dumps(measure("repeated", killed, megabytes=size)), flush=True)
        if options.ray:
            ray = [*words, *parallel, "--engine", "ray", "--out", str(folder / "ray")]
            print(json.dumps(measure("ray", ray, megabytes=size)), flush=True)
        others = ["killed", *(["ray"] if options.ray else [])]
        equal = {name: equal_files(folder / "whole", folder / name) for name in others}
        results = sorted((folder / "whole").glob("shard-*"))
        print(
            json.dumps(
                {"equal": equal, "lines": num_lines(shards), "lines_written": num_lines(results)}
            )
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
