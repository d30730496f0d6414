"""Models that several claims use. Each is trained once in a run of the lab."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64

from nextword.api import Model, load, train
from nextword.lab.material.texts import source_code, source_modules
from nextword.lab.workbench import Workbench
from nextword.tokens import Tokenizer
from nextword.training import Callback, StepRecord

#: Characters of source code that no model is trained on.
HELD_OUT_CHARACTERS = 1_000_000
_TRAINING_CHARACTERS = 4_500_000
_VALIDATION_CHARACTERS = 40_000
_PIECE_CHARACTERS = 8_000


def byte_lstm(bench: Workbench) -> Model:
    """Return an LSTM over the bytes of Python source code; trained in a few minutes if needed.

    The run folder is `models/byte-lstm`. If it contains a finished run, that is loaded.
    """
    return bench.shared("byte-lstm", lambda: _train_byte_lstm(bench))


def _train_byte_lstm(bench: Workbench) -> Model:
    """Train one layer of 400 units once through 4.5 million characters.

    The state is reset after every piece of 8,000 characters. A network that is never reset depends
    on how its text began, and cannot read the beginning of another text.
    """
    training = source_modules(
        num_characters=_TRAINING_CHARACTERS, skip_characters=HELD_OUT_CHARACTERS
    )
    held_out = source_modules(num_characters=_VALIDATION_CHARACTERS)
    result = train(
        str(_written(training, bench.texts / "source")),
        out=bench.models / "byte-lstm",
        recipe="byte-lstm",
        settings={
            "text": {"valid": [str(_written(held_out, bench.texts / "source-held-out"))]},
            "model": {"num_layers": 1, "hidden_size": 400, "embedding_size": 48},
            "regularization": {"layer_dropout": 0.0, "output_dropout": 0.0},
            "training": {
                "epochs": 1,
                "bptt_steps": 100,
                "batch_size": 32,
                "reset": "document",
                "seed": bench.seed,
                "device": "cpu",
            },
        },
        resume="auto",
        callbacks=lambda _: [_Steps(bench)],
    )
    model = load(result.run)
    assert isinstance(model, Model)
    return model


class _Steps(Callback):
    """Reports the steps of a training to the progress hook of the lab."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def on_step(self, record: StepRecord) -> None:
        """Report a step."""
        self._bench.on_progress("training the byte LSTM, steps", record.step, record.num_steps)


def _written(modules: Iterable[tuple[str, str]], folder: Path) -> Path:
    """Write modules into a folder in pieces; a file that has its text already is not touched."""
    folder.mkdir(exist_ok=True)
    for number, piece in enumerate(pieces_of("".join(text for _, text in modules))):
        path = folder / f"{number:04}.py"
        if not path.is_file() or path.read_text(encoding="utf-8") != piece:
            path.write_text(piece, encoding="utf-8")
    return folder


def pieces_of(text: str, num_characters: int = _PIECE_CHARACTERS) -> Iterator[str]:
    r"""Cut a text after the first line end beyond each multiple of a length.

    Example:
        >>> list(pieces_of("one\ntwo\nthree\n", 5))
        ['one\ntwo\n', 'three\n']
    """
    start = 0
    while start < len(text):
        end = text.find("\n", start + num_characters) + 1 or len(text)
        yield text[start:end]
        start = end


def held_out_ids(tokenizer: Tokenizer) -> Int64[torch.Tensor, " num_tokens"]:
    """Return the token ids of source code that `byte_lstm` was not trained on."""
    text = source_code(num_characters=HELD_OUT_CHARACTERS)
    return torch.from_numpy(np.asarray(tokenizer.encode(text).ids).astype(np.int64))
