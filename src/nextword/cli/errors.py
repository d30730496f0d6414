"""Error messages and exit codes for exceptions. Knows no commands.

0    success
1    failed while running: diverged, disk full, out of memory, a bug
2    wrong usage, or invalid input
75   another process has locked the run folder
130  SIGINT; 143 SIGTERM
"""

import errno
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nextword.cli.output import remark
from nextword.cli.program import NAME

FAILED = 1
BAD_INPUT = 2
LOCKED = 75
INTERRUPTED = 130

#: Errors of the machine, not of the input, such as a broken disk or too many open files.
_SYSTEM_ERRORS = frozenset(
    {
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
    }
)

#: Commands whose first argument is a model.
_MODEL_FIRST = frozenset(
    {
        *("audit", "bench-keyboard", "encode", "evaluate", "export", "generate", "info"),
        *("inspect", "next", "pairs", "score", "surprisal"),
    }
)
_MODEL_FILES = (".arpa", ".arpa.gz")
#: Parts of the messages of the parser for values that are not numbers, and what is expected.
_NUMBERS = {"valid integer": "a whole number", "valid number": "a number"}
_EXAMPLES = {"a whole number": "5", "a number": "0.5"}


def report_error(error: Exception, *, words: Sequence[str] = ()) -> int:
    """Print an error as an `error:` and a `help:` line, and return the exit code.

    Args:
        error: The error.
        words: The command line, without the program.
    """
    message, help, code = explain(error, words=words)
    help = _swapped_help(error, message, words) or help
    remark(f"error: {_one_line(message)}")
    if help:
        remark(f"help: {_one_line(help)}")
    return code


def explain(error: Exception, *, words: Sequence[str] = ()) -> tuple[str, str, int]:
    """Return the message, the help line and the exit code for an exception.

    Args:
        error: The exception.
        words: The command line, without the program.
    """
    # Imported here, because `--help` does not need it.
    from nextword.base import (
        DiskFullError,
        NextwordError,
        disk_full,
        is_full_disk,
        is_out_of_memory,
    )

    if is_full_disk(error):
        full = error
        if not isinstance(full, DiskFullError):
            full = disk_full(_place(error), error)
        return full.message, full.help, FAILED
    if isinstance(error, NextwordError):
        return error.message, error.help, _code(error)
    if _is_usage_error(error):
        return _explain_usage(error, words)
    if is_out_of_memory(error):
        return (
            "out of memory.",
            "Lower training.batch_size or --batch-size, or use a smaller model.",
            FAILED,
        )
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        reason = str(error.strerror or error)
        code = FAILED if error.errno in _SYSTEM_ERRORS else BAD_INPUT
        return f"{where}{reason[:1].lower()}{reason[1:]}.", "", code
    return (
        f"internal {type(error).__name__}: {error}".rstrip(": "),
        "This is a bug in nextword. Run the command again with --debug and report what it shows.",
        FAILED,
    )


def _code(error: Exception) -> int:
    from nextword.base import (
        BenchmarkError,
        LockedError,
        OutOfMemoryError,
        TrainingError,
        WorkerError,
    )

    if isinstance(error, LockedError):
        return LOCKED
    if isinstance(error, TrainingError | BenchmarkError | OutOfMemoryError | WorkerError):
        return FAILED
    cause = error.__cause__
    is_system_error = isinstance(cause, OSError) and cause.errno in _SYSTEM_ERRORS
    return FAILED if is_system_error else BAD_INPUT


def _place(error: BaseException) -> str:
    """Return the file name of the first OSError in the chain of causes."""
    from nextword.base import causes

    for found in causes(error):
        if isinstance(found, OSError) and found.filename:
            return str(found.filename)
    return "the result"


def _is_usage_error(error: Exception) -> bool:
    """Return whether the command-line parser raised the error.

    Older versions of typer use the package click, newer ones include a copy of it. The exception
    class therefore has no common name, and is recognized by its method.
    """
    return callable(getattr(error, "format_message", None))


def _explain_usage(error: Any, words: Sequence[str]) -> tuple[str, str, int]:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else NAME
    if hasattr(error, "possibilities"):
        parameters = context.command.params if context is not None else []
        known = [name for each in parameters for name in each.opts if name.startswith("--")]
        help = _option_help(error.option_name, [*known, "--help"], command=path)
        return f"{path} has no option {error.option_name!r}.", help, BAD_INPUT
    message = " ".join(str(error.format_message()).split())
    number = _explain_number(error, message, words)
    if number is not None:
        return number
    help = _extra_help(message, words) or f"See {path} --help."
    return message[:1].lower() + message[1:], help, BAD_INPUT


def _explain_number(error: Any, message: str, words: Sequence[str]) -> tuple[str, str, int] | None:
    """Explain the value of an option that is not a number; None for other errors."""
    kinds = [kind for text, kind in _NUMBERS.items() if text in message]
    options = getattr(getattr(error, "param", None), "opts", ())
    values = [
        word[len(option) :].removeprefix("=") or follower
        for option in options
        for word, follower in zip(words, [*words[1:], ""], strict=True)
        if word == option
        or word.startswith(f"{option}=")
        or (word.startswith(option) and not option.startswith("--"))
    ]
    if not kinds or not values:
        return None
    option = max(options, key=len)
    return (
        f"{option} is {values[-1]!r}; {kinds[0]} is expected.",
        f"Example: {option} {_EXAMPLES[kinds[0]]}",
        BAD_INPUT,
    )


def _extra_help(message: str, words: Sequence[str]) -> str:
    """Return help for a text that is an extra argument; empty for other errors."""
    start = 2  # after the command and its model
    if "unexpected extra argument" not in message or len(words) <= start or not _is_model(words[1]):
        return ""
    extra = [word for word in words[start:] if word in message or word == words[start]]
    if words[0] == "generate":
        prompt = shlex.join(["--prompt", " ".join(extra)])
        return f"Did you mean {prompt}?"
    if words[0] == "next":
        return f"Put the text in quotes: {shlex.join([NAME, *words[:start], ' '.join(extra)])}"
    return ""


def _swapped_help(error: Exception, message: str, words: Sequence[str]) -> str:
    """Return help for a command whose model is not its first argument; empty for other errors.

    This is so if the error names a word of the command line that stands before a model.
    """
    from nextword.base import CheckpointError, ConfigError

    if not (isinstance(error, CheckpointError | ConfigError) or _is_usage_error(error)):
        return ""
    model = next((place for place, word in enumerate(words) if _is_model(word)), None)
    if model is None or words[0] not in _MODEL_FIRST:
        return ""
    first = 2 if words[0] == "inspect" else 1
    is_named = first < len(words) and words[first] in message
    is_extra = _is_usage_error(error) and words[model] in message
    if model <= first or words[first].startswith("-") or not (is_named or is_extra):
        return ""
    swapped = list(words)
    swapped[first], swapped[model] = swapped[model], swapped[first]
    if words[0] == "generate":
        swapped.insert(model, "--prompt")
    return f"Did you swap the arguments? {shlex.join([NAME, *swapped])}"


def _is_model(word: str) -> bool:
    """Whether a word names a model: a run folder, a model folder or an ARPA file."""
    path = Path(word)
    try:
        return path.name.endswith(_MODEL_FILES) or any(
            (path / part / "config.json").is_file() for part in ("", "model")
        )
    except (OSError, ValueError):
        return False


def _option_help(name: str, known: Sequence[str], *, command: str) -> str:
    """Suggest a setting of that name, else the most similar option."""
    from nextword.base import nearest_name

    if "--set" in known:
        from nextword.cli.settings_list import sections_of

        wanted = name.lstrip("-").replace("-", "_")
        words = command.split()
        sections = sections_of(words[1] if len(words) > 1 else "train")
        for setting in (each for section in sections for each in section.settings):
            if setting.name.split(".")[-1] == wanted:
                return f"Did you mean --set {setting.name}=VALUE?"
    nearest = nearest_name(name, known)
    return f"See {command} --help." if nearest is None else f"Did you mean {nearest!r}?"


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())
