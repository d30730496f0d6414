"""What a stopped training says of what was saved."""

from pathlib import Path

import pytest

from nextword.cli.train import advice_on_stop
from nextword.storage import save_checkpoint

COMMAND = "nextword train --out run --resume auto"


def test_advice_before_a_checkpoint_says_that_nothing_was_saved(tmp_path: Path) -> None:
    with (
        pytest.raises(
            KeyboardInterrupt, match="stopped before the first checkpoint; to start again"
        ),
        advice_on_stop(tmp_path / "gone", COMMAND),
    ):
        raise KeyboardInterrupt


def test_advice_after_a_checkpoint_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_checkpoint(tmp_path / "checkpoints", step=3, tensors={}, values={})

    with pytest.raises(SystemExit), advice_on_stop(tmp_path, COMMAND):
        raise SystemExit(143)

    assert f"stopped and saved; to resume: {COMMAND}" in capsys.readouterr().err
