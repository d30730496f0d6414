import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import CheckpointError, FormatError
from nextword.storage import RunFolder, RunLock, save_checkpoint

Names = Callable[[Path], set[str]]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs" / "one")


def test_run_folder_places_lie_inside() -> None:
    run = RunFolder(Path("run"))

    assert [
        place.relative_to("run").as_posix()
        for place in (
            run.config_file,
            run.metrics_file,
            run.checkpoints_folder,
            run.model_folder,
            run.tokens_folder,
            run.plots_folder,
            run.report_file,
        )
    ] == ["config.toml", "metrics.jsonl", "checkpoints", "model", "tokens", "plots", "report.html"]


def test_create_existing_folder_keeps_its_content(run: RunFolder) -> None:
    run.write_config("seed = 1\n")

    assert RunFolder.create(run.path).read_config() == "seed = 1\n"


def test_create_on_a_file_gives_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")

    with pytest.raises(CheckpointError, match=r"cannot save .*file: File exists"):
        RunFolder.create(tmp_path / "file")


def test_open_run_gives_its_places(run: RunFolder) -> None:
    run.write_config("seed = 1\n")

    assert RunFolder.open(run.path) == run


def test_open_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no run folder .*missing"):
        RunFolder.open(tmp_path / "missing")


def test_open_other_folder_says_what_is_missing(run: RunFolder) -> None:
    with pytest.raises(FormatError, match=r"is not a run folder: config\.toml missing"):
        RunFolder.open(run.path)


def test_is_empty_with_just_a_lock_is_true(run: RunFolder) -> None:
    with RunLock(run.path):
        assert run.is_empty()


def test_is_empty_with_a_config_is_false(run: RunFolder) -> None:
    run.write_config("")

    assert not run.is_empty()


def test_config_text_round_trip_is_identity(run: RunFolder, names_in: Names) -> None:
    run.write_config("first = 1")
    run.write_config('name = "Żółć"\r\n')

    assert run.read_config() == 'name = "Żółć"\r\n'
    assert names_in(run.path) == {"config.toml"}


def test_read_config_missing_gives_the_reason(run: RunFolder) -> None:
    with pytest.raises(CheckpointError, match=r"cannot read .*config\.toml: No such file"):
        run.read_config()


def test_read_config_not_utf8_says_so(run: RunFolder) -> None:
    run.config_file.write_bytes(b"\xff")

    with pytest.raises(FormatError, match=r"config\.toml is not UTF-8"):
        run.read_config()


def test_append_metrics_is_on_disk_at_once(run: RunFolder) -> None:
    run.append_metrics({"step": 1, "train/nll_per_token": 6.5})
    run.append_metrics({"step": 2, "text": "two\nlines"})

    assert run.metrics_file.read_bytes() == (
        b'{"step": 1, "train/nll_per_token": 6.5}\n{"step": 2, "text": "two\\nlines"}\n'
    )


def test_append_metrics_non_finite_becomes_null(run: RunFolder) -> None:
    run.append_metrics({"step": 1, "loss": math.nan, "parts": [math.inf, {"inner": -math.inf}]})

    assert run.read_metrics() == [{"step": 1, "loss": None, "parts": [None, {"inner": None}]}]


def test_append_metrics_half_line_is_dropped_first(run: RunFolder) -> None:
    run.append_metrics({"step": 1})
    with run.metrics_file.open("ab") as file:
        file.write(b'{"step": 2, "lo')

    run.append_metrics({"step": 2})

    assert run.read_metrics() == [{"step": 1}, {"step": 2}]


def test_append_metrics_only_a_half_line_starts_afresh(run: RunFolder) -> None:
    run.metrics_file.write_bytes(b'{"st')

    run.append_metrics({"step": 1})

    assert run.read_metrics() == [{"step": 1}]


def test_append_metrics_folder_gone_gives_the_reason(run: RunFolder) -> None:
    run.path.rmdir()

    with pytest.raises(CheckpointError, match=r"cannot save .*metrics\.jsonl: No such file"):
        run.append_metrics({"step": 1})


def test_read_metrics_missing_is_empty(run: RunFolder) -> None:
    assert run.read_metrics() == []


BROKEN_LINES = [
    b"rubbish",
    b"[1]",
    b"\xff",
    b"",
    b"[" * 100_000,
    b'{"step": "two"}',
    b'{"step": NaN}',
    b'{"step": 1e999}',
    b'{"step": 2, "train/perplexity": [1]}',
    b'{"step": 1' + b"0" * 400 + b"}",
]


@pytest.mark.parametrize("line", BROKEN_LINES)
def test_read_metrics_leaves_a_broken_line_out(run: RunFolder, line: bytes) -> None:
    run.metrics_file.write_bytes(b'{"step": 1}\n' + line + b'\n{"step": 3}\n')

    assert run.read_metrics() == [{"step": 1}, {"step": 3}]


@pytest.mark.parametrize("line", BROKEN_LINES)
def test_truncate_metrics_sets_broken_lines_aside_with_a_warning(
    run: RunFolder, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    run.broken_metrics_file.write_bytes(b"earlier\n")
    run.metrics_file.write_bytes(b'{"step": 1}\n' + line + b'\n{"step": 3}\n')

    run.truncate_metrics(after_step=3)

    assert run.metrics_file.read_bytes() == b'{"step": 1}\n{"step": 3}\n'
    assert run.broken_metrics_file.read_bytes() == b"earlier\n" + line + b"\n"
    assert (
        "had 1 lines that are not valid records; they were moved to metrics.jsonl.broken"
        in caplog.text
    )


def test_read_metrics_that_are_a_folder_give_the_reason(run: RunFolder) -> None:
    run.metrics_file.mkdir()

    with pytest.raises(CheckpointError, match=r"cannot read .*metrics\.jsonl: Is a directory"):
        run.read_metrics()


@pytest.mark.parametrize("name", ["tokens", "checkpoints", "model", "plots", "metrics.jsonl"])
def test_refuse_links_names_the_link(run: RunFolder, name: str) -> None:
    run.refuse_links()
    (run.path / name).symlink_to(run.path.parent)

    with pytest.raises(
        FormatError, match=f"{name} is a link to .*a run does not write through links"
    ):
        run.refuse_links()


def test_has_checkpoint_once_one_is_complete(run: RunFolder) -> None:
    (run.checkpoints_folder / "step-00000001.tmp").mkdir(parents=True)
    assert not run.has_checkpoint()

    save_checkpoint(run.checkpoints_folder, step=2, tensors={}, values={})

    assert run.has_checkpoint()


def test_truncate_metrics_keeps_up_to_the_step(run: RunFolder) -> None:
    for record in ({"note": "start"}, {"step": 1}, {"step": 2}, {"step": 3}):
        run.append_metrics(record)

    run.truncate_metrics(after_step=2)

    assert run.read_metrics() == [{"note": "start"}, {"step": 1}, {"step": 2}]


def test_truncate_metrics_without_a_file_makes_none(run: RunFolder, names_in: Names) -> None:
    run.truncate_metrics(after_step=0)

    assert names_in(run.path) == set()


@given(num_steps=st.integers(0, 12), cut=st.integers(0, 300), resumed_at=st.integers(0, 12))
def test_metrics_killed_and_resumed_have_each_step_once(
    tmp_path_factory: pytest.TempPathFactory, num_steps: int, cut: int, resumed_at: int
) -> None:
    run = RunFolder.create(tmp_path_factory.mktemp("run"))
    records: list[dict[str, Any]] = [{"step": step, "loss": step / 7} for step in range(num_steps)]
    for record in records:
        run.append_metrics(record)
    if run.metrics_file.exists():
        run.metrics_file.write_bytes(run.metrics_file.read_bytes()[:cut])
    survivors = [record for record in run.read_metrics() if record["step"] <= resumed_at]

    run.truncate_metrics(after_step=resumed_at)
    run.append_metrics({"step": resumed_at + 1})

    assert run.read_metrics() == [*survivors, {"step": resumed_at + 1}]
    assert survivors == records[: len(survivors)]
