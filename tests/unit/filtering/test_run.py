"""Whole filterings: complete, continued, in several processes, and refused."""

import gzip
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

import nextword as nw
from nextword.base import (
    ConfigError,
    DataError,
    DiskFullError,
    FormatError,
    LockedError,
    MismatchError,
)
from nextword.filtering import shards as shards_module
from nextword.storage import RunLock

Shards = Callable[..., list[Path]]


def filtered(paths: list[Path], out: Path, model: Path, **options: Any) -> Any:
    options = {"thresholds": (20.0, 30.0)} | options
    return nw.filter_shards(paths, model=model, out=out, **options)


def results(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}


def records(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def test_filter_shards_adds_scores_to_every_record(
    ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    paths = shards(30, 0, 7)

    found = filtered(paths, tmp_path / "out", ngram_folder)

    written = results(tmp_path / "out")
    assert list(written) == unordered([path.name for path in paths])
    scores = nw.load(ngram_folder).document_scores(
        [record["text"] for record in records(paths[0].read_bytes())]
    )
    for record, before, score in zip(
        records(written["part-0.jsonl"]), records(paths[0].read_bytes()), scores, strict=True
    ):
        assert record == before | score.to_dict() | {"bucket": record["bucket"]}
        limit = {"head": 20.0, "middle": 30.0, "tail": 1e9}[record["bucket"]]
        assert score.perplexity is not None
        assert score.perplexity <= limit
    assert (found.total("num_records"), found.total("num_kept")) == (37, 37)
    assert sum(found.buckets.values()) == 37
    assert found.perplexity is not None
    assert json.loads(json.dumps(found.to_dict()))["thresholds"] == [20.0, 30.0]


def unordered(names: list[str]) -> Any:
    class Unordered(list[str]):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, list) and sorted(self) == sorted(other)

    return Unordered(names)


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl.zst", ".jsonl.bz2", ".jsonl.xz"])
def test_filter_shards_compresses_as_the_name_says(
    suffix: str, ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    [plain] = shards(5)
    packed = plain.with_name(f"packed{suffix}")
    # What is read is told by its content: any compression will do.
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    filtered([plain, packed], tmp_path / "out", ngram_folder)

    written = results(tmp_path / "out")
    if suffix.endswith(".zst"):
        content = zstandard.ZstdDecompressor().decompressobj().decompress(written[packed.name])
    else:
        module = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}[packed.suffix]
        content = __import__(module).decompress(written[packed.name])
    assert content == written[plain.name]


@pytest.mark.parametrize("stop_at", [1, 2, 3])
def test_filter_shards_continued_equals_one_without_a_stop(
    stop_at: int,
    ngram_folder: Path,
    shards: Shards,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Several groups in a shard.
    monkeypatch.setattr(shards_module, "_GROUP_BYTES", 500)
    paths = shards(20, 20, 20, suffix=".jsonl.zst")
    options: dict[str, Any] = {"thresholds": None, "sample": 9}
    whole = filtered(paths, tmp_path / "whole", ngram_folder, **options)
    stops = iter(range(1, 100))

    def stop(stage: str, done: int, *, total: int | None = None) -> None:
        if done > 20 and next(stops) == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filtered(paths, tmp_path / "out", ngram_folder, on_progress=stop, **options)
    # What a killed process leaves, unlike one that is interrupted.
    (tmp_path / "out" / ".part-2.jsonl.zst.abcd_123.tmp").write_bytes(b"half")
    again = filtered(paths, tmp_path / "out", ngram_folder, **options)

    assert again.num_done_before == 1
    assert results(tmp_path / "out") == results(tmp_path / "whole")
    assert again.to_dict() == whole.to_dict() | {
        name: again.to_dict()[name]
        for name in ("out", "seconds", "processor_seconds", "num_done_before")
    }


def test_filter_shards_scores_a_changed_or_damaged_shard_again(
    ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    paths = shards(4, 4, 4)
    filtered(paths, tmp_path / "out", ngram_folder)
    expected = results(tmp_path / "out")
    os.utime(paths[0], ns=(1, 1))
    (tmp_path / "out" / paths[1].name).write_bytes(b"short")

    again = filtered(paths, tmp_path / "out", ngram_folder)

    assert again.num_done_before == 1
    assert results(tmp_path / "out") == expected


@pytest.mark.slow
@pytest.mark.exhaustive
def test_filter_shards_several_processes_write_the_same_bytes(
    ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    paths = shards(9, 5, 7)
    one = filtered(paths, tmp_path / "one", ngram_folder)

    two = filtered(paths, tmp_path / "two", ngram_folder, processes=2)

    assert results(tmp_path / "two") == results(tmp_path / "one")
    assert two.buckets == one.buckets


@pytest.mark.exhaustive
def test_filter_shards_error_of_a_process_is_that_of_the_call(
    ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    paths = shards(9, 5)
    paths[1].write_text('{"text": 7}\n')

    with pytest.raises(DataError, match=r"part-1.jsonl:1: the field 'text' is a number") as found:
        filtered(paths, tmp_path / "out", ngram_folder, processes=2)

    assert found.value.help != ""


def test_filter_shards_keeps_buckets_and_names_values_with_a_prefix(
    ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    paths = shards(30)

    found = filtered(
        paths, tmp_path / "out", ngram_folder, keep=["tail", "head"], prefix="lm_", by="perplexity"
    )

    written = records((tmp_path / "out" / "part-0.jsonl").read_bytes())
    assert {record["lm_bucket"] for record in written} <= {"head", "tail"}
    assert len(written) == found.total("num_kept") == 30 - found.buckets["middle"]
    # Buckets of all documents are counted, not only of those that are kept.
    assert 0 < found.buckets["middle"] < 30


def test_filter_shards_bad_records_are_refused_with_the_place_or_counted(
    ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    [path] = shards(3)
    with path.open("ab") as file:
        file.write(b'\n{"text": 5}\n\xff\n{"text": "w1 w2"}')

    with pytest.raises(DataError, match=re.escape("part-0.jsonl:5: the field 'text'")):
        filtered([path], tmp_path / "out", ngram_folder)
    assert results(tmp_path / "out") == {}
    # Nothing is complete, so the corrected call may have other settings.
    found = filtered([path], tmp_path / "out", ngram_folder, skip_bad=True)

    assert (found.total("num_records"), found.total("num_skipped")) == (4, 2)
    assert len(records((tmp_path / "out" / "part-0.jsonl").read_bytes())) == 4


def test_filter_shards_values_that_are_there_already_are_refused_not_left_out(
    ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    [path] = shards(3)
    path.write_text('{"text": "w1 w2", "nll": 1.0}\n')

    with pytest.raises(ConfigError, match=r"part-0\.jsonl:1 already has a value 'nll'"):
        filtered([path], tmp_path / "out", ngram_folder, skip_bad=True)


def test_filter_shards_thirds_are_the_quantiles_of_the_reference(
    ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    paths = shards(60, 30)

    found = filtered(
        paths, tmp_path / "out", ngram_folder, thresholds=None, reference=[paths[0]], sample=60
    )
    again = filtered(
        paths, tmp_path / "out", ngram_folder, thresholds=None, reference=[paths[0]], sample=60
    )

    assert found.shards[0].buckets == {"head": 20, "middle": 20, "tail": 20}
    assert again.thresholds == found.thresholds
    assert again.num_done_before == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"thresholds": (1.0, 2.0)}, "thresholds is 1.0, 2.0, but the shards in"),
        ({"field": "id"}, "field is 'id', but the shards in"),
        ({"prefix": "lm_"}, "prefix is 'lm_', but the shards in"),
    ],
)
def test_filter_shards_with_other_settings_than_the_results_is_refused(
    options: dict[str, Any], message: str, ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    paths = shards(3)
    filtered(paths, tmp_path / "out", ngram_folder)

    with pytest.raises(MismatchError, match=re.escape(message)):
        filtered(paths, tmp_path / "out", ngram_folder, **options)


def test_filter_shards_refuses_what_cannot_be_written(
    ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    [path] = shards(3)
    twin = tmp_path / "other" / path.name
    twin.parent.mkdir()
    twin.write_bytes(path.read_bytes())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / ".filter").symlink_to(tmp_path / "full")

    def refused(paths: list[Path], out: Path, message: str, **options: Any) -> None:
        with pytest.raises((ConfigError, RuntimeError), match=re.escape(message)):
            filtered(paths, out, ngram_folder, **options)

    out = tmp_path / "out"
    refused([path, twin], out, "two shards have the same name")
    refused([path], path.parent, "where results are written")
    refused([path], tmp_path / "full", "is not empty, and is not a folder of scored shards")
    refused([path], linked, "is a link; nothing is written through it")
    refused([Path("-")], out, "standard input cannot be filtered")
    refused([], out, "no shard is named")
    refused([path], path, "is not a folder")
    refused([path], out, "processes", processes=0)
    refused([path], out, "there is no bucket 'heat'", keep=["heat"])
    refused([path], out, "by is 'perplexty'", by="perplexty")
    refused([path], out, "thresholds and sample are both given", sample=5)
    refused([path], out, "thresholds and a reference are both given", reference=[path])
    assert not out.exists()


def test_filter_shards_into_a_folder_of_the_shards_can_be_repeated(
    ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    folder = shards(3, 4)[0].parent
    filtered([folder], folder / "scored", ngram_folder)

    again = filtered([folder], folder / "scored", ngram_folder)

    assert (len(again.shards), again.num_done_before) == (2, 2)


@pytest.mark.parametrize("content", ["{", "[]", '{"format_version": 1}'])
def test_filter_shards_damaged_settings_are_refused(
    content: str, ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    paths = shards(3)
    filtered(paths, tmp_path / "out", ngram_folder)
    (tmp_path / "out" / ".filter" / "settings.json").write_text(content)

    with pytest.raises(FormatError, match=r"settings.json is damaged"):
        filtered(paths, tmp_path / "out", ngram_folder)


def test_filter_shards_while_another_process_writes_is_refused(
    ngram_folder: Path, shards: Shards, tmp_path: Path
) -> None:
    paths = shards(3)
    filtered(paths, tmp_path / "out", ngram_folder)

    with RunLock(tmp_path / "out" / ".filter"), pytest.raises(LockedError):
        filtered(paths, tmp_path / "out", ngram_folder)


def test_filter_shards_on_a_full_disk_leaves_nothing_over(
    ngram_folder: Path, shards: Shards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shards_module, "with_values", full)

    with pytest.raises(DiskFullError, match="the disk is full"):
        filtered(shards(3), tmp_path / "out", ngram_folder)

    assert results(tmp_path / "out") == {}
