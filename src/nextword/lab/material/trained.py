"""Models that several claims use. Each is trained once in a run of the lab."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from nextword.api import Model, load, train
from nextword.lab.material.texts import source_modules
from nextword.lab.workbench import Workbench
from nextword.text import STANDARD_LIBRARY
from nextword.training import Callback, RunResult, StepRecord

#: Characters of source code that no model is trained on.
HELD_OUT_CHARACTERS = 1_000_000
#: Characters of these on which a training selects the best weights.
VALIDATION_CHARACTERS = 40_000
_TRAINING_CHARACTERS = 4_500_000
_PIECE_CHARACTERS = 8_000
_MEMORIZED_CHARACTERS, _MEMORIZING_EPOCHS = 150_000, 60
_CHARACTER_UPDATES = 10_700
#: The cells of the character LSTM begin with a memory of about 20 characters instead of 4.
_FORGET_BIAS = 3.0


def char_lstm(bench: Workbench) -> Model:
    """Return an LSTM over the characters of Python source code; the longest training of the lab.

    It has two layers of 256 units and reads the training part of `stdlib:` about four times in
    10,700 updates. Its forget gates begin with a bias of 3. The run folder is `models/char-lstm`.
    If it contains a finished run, that is loaded. Its test part is the last of the text, which it
    has not read.
    """
    return bench.shared("char-lstm", lambda: _trained_characters(bench))


def subword_lstm(bench: Workbench) -> Model:
    """Return an LSTM over byte pairs of Python source code; trained in a few minutes if needed.

    It has one layer of 256 units and a vocabulary of 1,000, and reads 4.5 million characters once.
    The run folder is `models/subword-lstm`. If it contains a finished run, that is loaded.
    """
    name = "subword-lstm"
    return bench.shared(name, lambda: _trained_subwords(bench, name, epochs=1))


def memorizing_lstm(bench: Workbench) -> Model:
    """Return an LSTM as `subword_lstm` that reads `memorized_modules` 60 times.

    It is validated on its training text, because it is to memorize that.
    """
    name = "memorizing-lstm"
    return bench.shared(
        name, lambda: _trained_subwords(bench, name, epochs=_MEMORIZING_EPOCHS, memorizes=True)
    )


def memorized_modules() -> tuple[tuple[str, str], ...]:
    """Return the names and texts of the modules that `memorizing_lstm` is trained on."""
    return source_modules(num_characters=_MEMORIZED_CHARACTERS, skip_characters=HELD_OUT_CHARACTERS)


def _trained_characters(bench: Workbench) -> Model:
    name = "char-lstm"
    result = train(
        STANDARD_LIBRARY,
        out=bench.models / name,
        recipe=name,
        settings={
            "model": {
                "num_layers": 2,
                "hidden_size": 256,
                "embedding_size": 64,
                "forget_bias": _FORGET_BIAS,
            },
            "regularization": {"layer_dropout": 0.0, "output_dropout": 0.0},
            "training": {
                "max_steps": _CHARACTER_UPDATES,
                "bptt_steps": 128,
                "seed": bench.seed,
                "device": "cpu",
            },
        },
        resume="auto",
        callbacks=lambda _: [_Steps(bench, name)],
    )
    return _loaded(result)


def _trained_subwords(
    bench: Workbench, name: str, *, epochs: int, memorizes: bool = False
) -> Model:
    """Train a network over byte pairs in small batches for many updates.

    The state is reset after every piece of 8,000 characters. A network that is never reset depends
    on how its text began, and cannot read the beginning of another text.
    """
    if memorizes:
        training = validation = _written(memorized_modules(), bench.texts / "source-memorized")
    else:
        modules = source_modules(
            num_characters=_TRAINING_CHARACTERS, skip_characters=HELD_OUT_CHARACTERS
        )
        held_out = source_modules(num_characters=VALIDATION_CHARACTERS)
        training = _written(modules, bench.texts / "source")
        validation = _written(held_out, bench.texts / "source-held-out")
    result = train(
        str(training),
        out=bench.models / name,
        recipe="byte-lstm",
        settings={
            "text": {"valid": [str(validation)]},
            "tokenizer": {"kind": "bpe", "vocab_size": 1_000},
            "model": {"num_layers": 1, "hidden_size": 256, "embedding_size": 128},
            "regularization": {"layer_dropout": 0.0, "output_dropout": 0.0},
            "training": {
                "epochs": epochs,
                "bptt_steps": 64,
                "batch_size": 16,
                "reset": "document",
                "seed": bench.seed,
                "device": "cpu",
            },
        },
        resume="auto",
        callbacks=lambda _: [_Steps(bench, name)],
    )
    return _loaded(result)


def _loaded(result: RunResult) -> Model:
    model = load(result.run)
    assert isinstance(model, Model)
    return model


class _Steps(Callback):
    """Reports the steps of a training to the progress hook of the lab."""

    def __init__(self, bench: Workbench, name: str) -> None:
        self._bench, self._name = bench, name

    def on_step(self, record: StepRecord) -> None:
        """Report a step."""
        stage = f"training the {self._name}, steps"
        self._bench.on_progress(stage, record.step, total=record.num_steps)


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
