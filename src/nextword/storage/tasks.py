"""The kind of a model folder: a language model, or a model of a task."""

from pathlib import Path

from nextword.base import FormatError, Values

#: What a model of a task is called, and its command.
_TASKS = {
    "tagging": ("a tagger", "tag"),
    "classification": ("a text classifier", "classify"),
    "reading": ("a reader", "read"),
    "transduction": ("a sequence-to-sequence model", "transduce"),
}
_LANGUAGE_MODEL = "a language model"


def task_kind(config: Values) -> str | None:
    """Return the task of a model from its `config.json`; None for a language model."""
    task = config.get("task")
    kind = task.get("kind") if isinstance(task, dict) else None
    return kind if isinstance(kind, str) else None


def wrong_task_error(path: Path, config: Values, *, wanted: str | None) -> FormatError:
    """Return the error for a model of another kind than a command needs.

    Args:
        path: The model.
        config: The content of its `config.json`.
        wanted: The task that is needed; None for a language model, or for any task if the model is
            a language model.
    """
    found = task_kind(config)
    needed = _LANGUAGE_MODEL if wanted is None else _TASKS.get(wanted, (wanted, ""))[0]
    if found is None:
        needed = "a model of a task" if wanted is None else needed
        return FormatError(
            f"{path} contains a language model; {needed} is needed here.",
            help="Train one on top of it with --init, or use nextword evaluate, next or generate.",
        )
    name, command = _TASKS.get(found, (f"a model of the task {found!r}", ""))
    reason = ""
    if wanted is None:
        reason = (
            " It reads whole sentences in both directions, so it cannot predict the next word."
            if config.get("encoder", {}).get("bidirectional")
            else " It has no distribution of the next word."
        )
    return FormatError(
        f"{path} contains {name}; {needed} is needed here.{reason}",
        help=f"Use nextword {command} evaluate, or nextword {command} predict." if command else "",
    )
