"""Models that several claims use. Each is trained once in a run of the lab."""

from pathlib import Path


from nextword.api import Model, load, train
from nextword.lab.texts import source_code
from nextword.lab.workbench import Workbench
from nextword.training import Callback, StepRecord


#: Characters of source code that models of bytes are not trained on.
HELD_OUT_CHARACTERS = 400_000
_TRAINING_CHARACTERS = 3_500_000


def held_out_source() -> str:
    """Return source code that `byte_lstm` was not trained on."""
    return source_code(num_characters=HELD_OUT_CHARACTERS)


def byte_lstm(bench: Workbench) -> Model:
    """Return an LSTM over the bytes of Python source code; trained in a few minutes if needed.

    The run folder is `models/byte-lstm`. If it contains a finished run, that is loaded.
    """
    return bench.shared("byte-lstm", lambda: _train_byte_lstm(bench))


def _train_byte_lstm(bench: Workbench) -> Model:
    training = source_code(num_characters=_TRAINING_CHARACTERS, skip_characters=HELD_OUT_CHARACTERS)
    result = train(
        str(_written(training, bench.texts / "source.txt")),
        out=bench.models / "byte-lstm",
        recipe="byte-lstm",
        settings={
            "text": {
                "valid": [str(_written(held_out_source()[:50_000], bench.texts / "held-out.txt"))]
            },
            "model": {"num_layers": 1, "hidden_size": 320, "embedding_size": 48},
            "regularization": {"layer_dropout": 0.0, "output_dropout": 0.0},
            "training": {
                "epochs": 1,
                "bptt_steps": 100,
                "batch_size": 32,
                "seed": bench.seed,
                "device": "cpu",
            },
            "optimizer": {"learning_rate": 6e-3},
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


def _written(text: str, path: Path) -> Path:
    """Write a text unless the file already has it: a changed file would be another run."""
    content = text.encode("utf-8")
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)
    return path
