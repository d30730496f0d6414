"""What a stopped training says of what was saved."""

from pathlib import Path

import pytest

from nextword.cli.train import advice_on_stop
from nextword.storage import save_checkpoint
from nextword.text import Corpus, text_document
from nextword.tokens import TokenizerConfig, build_store, train_tokenizer
from nextword.tokens.stores import store_builder

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


def test_advice_while_a_long_text_is_encoded_says_how_much_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_builder, "MIN_KEPT_BYTES", 1)
    tokenizer = train_tokenizer(TokenizerConfig(kind="byte"), [])
    document = text_document("the cat\n" * 500_000, name="made")
    corpus = Corpus(description="made", open_documents=lambda: iter([document]))
    build_store(corpus, tokenizer, folder=tmp_path / "tokens" / "train")

    with (
        pytest.raises(KeyboardInterrupt, match="4 MB of encoded text are kept; to go on: nextword"),
        advice_on_stop(tmp_path, COMMAND),
    ):
        raise KeyboardInterrupt
