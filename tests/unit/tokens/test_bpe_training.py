import _thread
import logging
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from nextword.tokens import bpe_training
from nextword.tokens.bpe_training import bpe_vocabulary


def test_bpe_vocabulary_of_unbroken_text_learns_pairs_and_no_long_token() -> None:
    vocabulary = bpe_vocabulary(["abcd" * 5_000], vocab_size=400)

    assert "abcd" in vocabulary.tokens
    assert max(map(len, vocabulary.tokens)) <= 252


def test_bpe_vocabulary_beyond_the_limit_of_unbroken_text_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pieces = ["ab" * 200 + "\n", "cd" * 200 + "\n", "short ef ef ef\n"]

    with caplog.at_level(logging.WARNING):
        vocabulary = bpe_vocabulary(pieces, vocab_size=400, max_unbroken=400)

    assert "ab" in vocabulary.tokens
    assert "cd" not in vocabulary.tokens
    assert "ef" in vocabulary.tokens
    assert "800 characters" in caplog.text
    assert "first 400 of them" in caplog.text


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Handle SIGINT, which a shell ignores for the processes that it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_bpe_vocabulary_interrupted_while_reading_stops() -> None:
    reading = threading.Event()

    def endless() -> Iterator[str]:
        while True:
            reading.set()
            yield "the cat sat\n"

    interrupter = threading.Thread(target=lambda: reading.wait() and _thread.interrupt_main())
    interrupter.start()

    with pytest.raises(KeyboardInterrupt):
        bpe_vocabulary(endless(), vocab_size=300)


def test_bpe_vocabulary_interrupted_while_merging_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    train = bpe_training._Training._train

    def train_long(self: bpe_training._Training) -> None:
        train(self)
        while not self._is_stopped:
            time.sleep(0.01)

    def interrupt(seconds: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bpe_training._Training, "_train", train_long)

    with pytest.raises(KeyboardInterrupt):
        bpe_vocabulary(["the cat sat\n"], vocab_size=300, on_merging=interrupt)
