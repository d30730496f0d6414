"""Loading the model of a command."""

import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextword.api import Model
    from nextword.cli.progress import ProgressDisplay
    from nextword.tasks.embedding import VectorEncoder
    from nextword.tasks.loading import TaskModel

#: Endings of texts.
_TEXT_SUFFIXES = frozenset({".txt", ".jsonl", ".md", ".gz", ".bz2", ".xz", ".zst"})


def load_model(
    name: str,
    *,
    device: str,
    encoding: str | None = None,
    precision: str | None = None,
    quiet: bool = False,
) -> "Model":
    """Set up threads and memory of the process, and load a model.

    Args:
        name: A run folder, a model folder, an ARPA file, or `hf:` and a name or folder.
        device: Device of the model's parameters.
        encoding: Encoding of the words of an ARPA file; UTF-8 when None.
        precision: Precision of packed weights; the model is not packed when None.
        quiet: Whether to show no progress.
    """
    from nextword import api
    from nextword.tensors import tune_process

    tune_process()
    with _LazyDisplay(quiet=quiet) as display:
        return api.load_language_model(
            name,
            device=device,
            encoding=encoding,
            precision=precision,
            on_progress=display.on_progress,
        )


def load_vector_encoder(
    name: str, *, device: str, pooling: str, layer: int, batch_size: int | None
) -> "VectorEncoder":
    """Set up threads and memory of the process, and load a model that encodes texts.

    Args:
        name: A model of any kind; see `api.load`.
        device: Device of the model's parameters.
        pooling: `last`, `mean` or `max`.
        layer: Layer whose outputs are pooled.
        batch_size: Number of texts in a batch; 32 when None.
    """
    from nextword import api
    from nextword.tensors import tune_process

    tune_process()
    encoder: VectorEncoder = api.load(name, device=device).vector_encoder(
        pooling=pooling, layer=layer, batch_size=batch_size
    )
    return encoder


def load_any_model(
    name: str,
    *,
    device: str,
    encoding: str | None = None,
    precision: str | None = None,
    quiet: bool = False,
) -> "Model | TaskModel":
    """Set up threads and memory of the process, and load a model of any kind.

    Args:
        name: A run folder, a model folder, an ARPA file, or `hf:` and a name or folder.
        device: Device of the model's parameters.
        encoding: Encoding of the words of an ARPA file; UTF-8 when None.
        precision: Precision of packed weights of a language model; not packed when None.
        quiet: Whether to show no progress.
    """
    from nextword import api
    from nextword.tensors import tune_process

    tune_process()
    with _LazyDisplay(quiet=quiet) as display:
        loaded: Model | TaskModel = api.load(
            name,
            device=device,
            encoding=encoding,
            precision=precision,
            on_progress=display.on_progress,
        )
    return loaded


class _LazyDisplay:
    """A progress display that is created when the first progress is reported.

    Most models load without reporting any, and importing the display takes time.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._stack = ExitStack()
        self._display: ProgressDisplay | None = None

    def __enter__(self) -> "_LazyDisplay":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def on_progress(self, stage: str, done: int, *, total: int | None = None) -> None:
        """Show the progress of a stage."""
        if self._display is None:
            from nextword.cli.progress import make_progress

            display = make_progress(quiet=self._quiet, is_terminal=sys.stderr.isatty())
            self._display = self._stack.enter_context(display)
        self._display.on_progress(stage, done, total=total)


def require_one_text(
    text: Sequence[str] | None, *, split: str | None, models: Sequence[str] = ()
) -> None:
    """Raise an error unless exactly one of `--text` and `--split` is given.

    Args:
        text: Values of `--text`.
        split: Value of `--split`.
        models: The models; the last one may be a text without `--text`.
    """
    from nextword.base import ConfigError

    last = models[-1] if len(models) > 1 else ""
    if not text and split is None and Path(last).suffix in _TEXT_SUFFIXES:
        raise ConfigError("no text is named.", help=f"Did you mean --text {shlex.quote(last)}?")
    if not text and split is None:
        raise ConfigError(
            "no text is named.",
            help="Name a text with --text, or --split test for the test text of the run.",
        )
    if text and split is not None:
        raise ConfigError("--text and --split are both given.", help="Leave one of them out.")
