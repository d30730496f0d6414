"""Loading a model from a folder, an ARPA file or the Hugging Face hub."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextword.api.model import Model
from nextword.base import checked_path, require
from nextword.storage import load_model, read_model_config, task_kind
from nextword.tensors import resolve_device

if TYPE_CHECKING:
    from nextword.training import ProgressCallback


def load(
    path: str | Path,
    *,
    device: str = "cpu",
    encoding: str | None = None,
    precision: str | None = None,
    on_progress: "ProgressCallback | None" = None,
) -> Any:
    """Load a model of any kind: a language model, or that of a task, such as a tagger.

    Args:
        path: Model folder or run folder; for language models also an ARPA file or `hf:NAME`.
        device: Device of the parameters, such as `cpu` or `cuda:1`.
        encoding: Encoding of the words of an ARPA file; see `load_language_model`.
        precision: Precision of the weights of a language model; see `load_language_model`.
        on_progress: Called with (stage, done, total) while lines of an ARPA file are read.

    Returns:
        A `Model` for a language model; a `Tagger` for a tagger.

    Raises:
        CheckpointError: There is no such folder or file, or the model in it is damaged.
        ConfigError: The device, encoding or precision is unknown or has no effect.
        MissingExtraError: transformers is not installed, and the path starts with `hf:`.
    """
    folder = checked_path(path)
    if folder.is_dir():
        kind = task_kind(read_model_config(folder))
        if kind is not None:
            require(
                encoding is None,
                f"an encoding ({encoding!r}) is only used for ARPA files; {path} is not one.",
                help="Leave --encoding out.",
            )
            require(
                precision is None,
                f"a precision ({precision!r}) is only used for language models; {path} is not one.",
                help="Leave the precision out.",
            )
            from nextword.tasks.loading import load_task_model

            return load_task_model(folder, kind=kind, device=resolve_device(device))
    return load_language_model(
        path, device=device, encoding=encoding, precision=precision, on_progress=on_progress
    )


def load_language_model(
    path: str | Path,
    *,
    device: str = "cpu",
    encoding: str | None = None,
    precision: str | None = None,
    on_progress: "ProgressCallback | None" = None,
) -> Model:
    """Load a language model from a folder, an ARPA file, or a transformers model.

    Args:
        path: Model folder, run folder, or ARPA file, which may be compressed. `hf:NAME` loads a
            transformers model from the folder NAME, or by its name on the Hugging Face hub.
        device: Device of the parameters, such as `cpu` or `cuda:1`. N-gram models always use the
            CPU.
        encoding: Encoding of the words of an ARPA file, such as `latin-1`; UTF-8 when None.
        precision: Precision of packed weights: `float32`, `bfloat16` or `int8`; see
            `Model.with_precision`. The model is not packed when None.
        on_progress: Called with (stage, done, total) while lines of an ARPA file are read.

    Returns:
        The model with its tokenizer.

    Raises:
        CheckpointError: There is no such folder or file, or the model in it is damaged.
        ConfigError: The device, encoding or precision is unknown, an encoding is given for a model
            that is not an ARPA file, a precision for a model that cannot be packed, or the path is
            invalid.
        MissingExtraError: transformers is not installed, and the path starts with `hf:`.
    """
    placed = resolve_device(device)
    # Only names with a colon can be names of transformers models; others need no `interop`.
    if ":" in str(path) and encoding is None:
        from nextword.interop import HUGGINGFACE_PREFIX, load_huggingface

        if str(path).startswith(HUGGINGFACE_PREFIX):
            name = str(path).removeprefix(HUGGINGFACE_PREFIX)
            checked_path(name)
            return _in_precision(Model(load_huggingface(name, device=placed)), precision)
    hook = None if on_progress is None else partial(on_progress, f"reading lines of {path}")
    stored = load_model(checked_path(path), device=placed, encoding=encoding, on_progress=hook)
    return _in_precision(Model(stored), precision)


def _in_precision(model: Model, precision: str | None) -> Model:
    return model if precision is None else model.with_precision(precision)
