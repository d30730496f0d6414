"""`nextword filter`: what it prints, what it refuses, and that a killed call can be repeated."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nextword as nw
from cli.caller import Call
from fakes import random_text

PROGRAM = (sys.executable, "-m", "nextword", "filter")


@pytest.fixture(scope="module")
def ngram(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ngram")
    (folder / "text.txt").write_text(random_text(200, num_words=12))
    nw.train(str(folder / "text.txt"), out=folder / "run", recipe="ngram-5")
    return folder / "run"


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Two shards of 40 documents."""
    folder = tmp_path / "shards"
    folder.mkdir()
    write_shards(folder, num_shards=2, num_documents=40)
    return folder


def write_shards(folder: Path, *, num_shards: int, num_documents: int) -> None:
    for shard in range(num_shards):
        texts = (random_text(3, seed=100 * shard + n, num_words=12) for n in range(num_documents))
        lines = [json.dumps({"n": n, "text": text}) + "\n" for n, text in enumerate(texts)]
        (folder / f"part-{shard}.jsonl").write_text("".join(lines))


def test_filter_prints_counts_and_json(
    shards: Path, ngram: Path, tmp_path: Path, cli: Call
) -> None:
    model, out = ("--model", ngram), ("--out", tmp_path / "out")

    shown = cli("filter", shards, *model, *out, "--sample", 80, "--quiet")
    found = cli("filter", shards, *model, *out, "--sample", 80, "--json")

    assert shown.code == 0, shown.err
    assert "documents      80, 80 written" in shown.out
    values = json.loads(found.out)
    assert (values["schema"], values["num_shards"], values["num_done_before"]) == (1, 2, 2)
    assert sum(values["buckets"].values()) == values["num_records"] == 80
    assert abs(values["buckets"]["head"] - 27) <= 1
    first = json.loads((tmp_path / "out" / "part-0.jsonl").read_text().splitlines()[0])
    assert list(first) == [
        *("n", "text", "nll", "num_tokens", "num_unknown", "perplexity", "perplexity_per_word"),
        *("bits_per_byte", "bucket"),
    ]


def test_filter_says_how_many_documents_have_no_figure(
    ngram: Path, tmp_path: Path, cli: Call
) -> None:
    shard = tmp_path / "shard.jsonl"
    texts = [random_text(2, num_words=12), "never seen", "", random_text(1, num_words=12)]
    shard.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    command = ("filter", shard, "--model", ngram, "--out")

    for number, style in enumerate(("nextword", "ccnet")):
        found = cli(*command, tmp_path / str(number), "--thresholds", "3,9", "--style", style)
        assert "WARNING" not in found.err
        assert "bits per byte  -" in found.out
    by = ("--by", "bits_per_byte")
    warned = cli(*command, tmp_path / "by", *by, "--thresholds", "3,9", "--json")
    shard.write_text('{"text": "never seen"}\n')
    refused = cli(*command, tmp_path / "none", *by)

    assert "WARNING: 1 of 4 documents are in tail because they have no bits_per_byte" in warned.err
    assert json.loads(warned.out)["num_undefined"] == 1
    assert refused.code == 2
    assert "no document of the sample has a finite bits_per_byte" in refused.err
    assert "choose --by perplexity" in refused.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--thresholds", "3"), "thresholds are 3; 2 numbers are expected"),
        (("--thresholds", "3,a"), "--thresholds is '3,a'; numbers separated by a comma"),
        (("--thresholds", "3,4", "--sample", "5"), "thresholds and sample are both given"),
        (("--keep", "head,tails"), "there is no bucket 'tails'"),
        (("--text-field", "body"), "part-0.jsonl:1 has no field 'body'"),
        (("--engine", "spark"), "engine is 'spark'"),
        (("--processes", "0"), "num_processes"),
    ],
)
def test_filter_wrong_options_are_refused(
    options: tuple[str, ...], message: str, shards: Path, ngram: Path, tmp_path: Path, cli: Call
) -> None:
    finished = cli("filter", shards, "--model", ngram, "--out", tmp_path / "out", *options)

    assert finished.code == 2
    assert message in finished.err
    assert finished.out == ""


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_filter_killed_and_repeated_writes_the_same_files(
    number: signal.Signals, processes: int, shards: Path, ngram: Path, tmp_path: Path
) -> None:
    write_shards(shards, num_shards=8, num_documents=600)
    options = ("--model", ngram, "--thresholds", "8,10", "--quiet")
    subprocess.run([*PROGRAM, shards, *options, "--out", tmp_path / "whole"], check=True)
    out = tmp_path / "out"
    command = [*PROGRAM, shards, *options, "--out", out, "--processes", str(processes)]

    child = subprocess.Popen([str(part) for part in command], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(out.glob("part-*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child.pid, number)
    code = child.wait(60)
    assert code in (-number, 143)
    num_done = len(list(out.glob("part-*")))
    assert 0 < num_done < 8
    # Processes that it had started end as well, and release the lock.
    for _ in range(100):
        again = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, check=False)
        if again.returncode != 75:
            break
        time.sleep(0.1)

    assert again.returncode == 0
    assert json.loads(again.stdout)["num_done_before"] >= num_done - 1
    for path in (tmp_path / "whole").glob("part-*"):
        assert (out / path.name).read_bytes() == path.read_bytes()
    assert [path.name for path in out.iterdir() if path.name.startswith(".part")] == []
