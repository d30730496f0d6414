"""Measure how fast a long text is encoded by one process and by several; kill one and resume it.

    python benchmarks/encoding_speed.py --megabytes 400 --processes 1 2

A text of random words is encoded with a vocabulary of words. One line of JSON is printed for each
number of processes: megabytes per second, processor time and the SHA-256 of the ids. Then an
encoding is killed in the middle and repeated; its ids have to be the same.
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

from nextword.text import open_corpus
from nextword.tokens import (
    TokenizerConfig,
    VocabularyTokenizer,
    build_store,
    kept_text_bytes,
    train_tokenizer,
)

_LEARNED_CHARACTERS = 20_000_000


def encode(folder: Path, name: str, *, num_processes: int) -> dict[str, object]:
    """Encode the text; return what it took."""
    corpus = open_corpus([str(folder / "text.txt")])
    tokenizer = VocabularyTokenizer.load(folder / "tokenizer.json")
    started, before = time.monotonic(), os.times()
    store = build_store(
        corpus, tokenizer, folder=folder / name / "train", num_processes=num_processes
    )
    seconds, after = time.monotonic() - started, os.times()
    own_s = after.user + after.system - before.user - before.system
    others_s = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    size = store.num_bytes / 1e6
    return {
        "run": name,
        "num_processes": num_processes,
        "megabytes": round(size, 1),
        "seconds": round(seconds, 1),
        "mb_per_s": round(size / seconds, 1),
        "cpu_s": round(own_s + others_s, 1),
        "ids_sha256": store.ids_sha256[:16],
    }


def main() -> None:
    """Measure each number of processes, and an encoding that is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=400.0)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--folder", type=Path, help="folder for the text; removed afterwards")
    parser.add_argument("--encode", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.encode is not None:
        print(json.dumps(encode(options.encode, "killed", num_processes=options.processes[0])))
        return
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        write_text(folder / "text.txt", megabytes=options.megabytes)
        with (folder / "text.txt").open() as file:
            beginning = file.read(_LEARNED_CHARACTERS).rpartition("\n")[0] + "\n"
        config = TokenizerConfig(vocab_size=50_000)
        train_tokenizer(config, [beginning]).save(folder / "tokenizer.json")
        del beginning
        for number in options.processes:
            found = encode(folder, f"processes-{number}", num_processes=number)
            print(json.dumps(found), flush=True)
        number = str(options.processes[-1])
        command = [sys.executable, __file__, "--encode", str(folder), "--processes", number]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while process.poll() is None and not kept_text_bytes(folder / "killed"):
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = kept_text_bytes(folder / "killed") / 1e6
        print(json.dumps({"run": "killed", "kept_megabytes": round(kept, 1)}), flush=True)
        subprocess.run(command, check=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
