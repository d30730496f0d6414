"""From an exception to the lines a person reads and the code a script reads. Knows no commands.

0    done
1    failed while running: diverged, disk full, out of memory, a bug
2    wrong usage, or input that cannot be used
75   another process holds the run folder
130  SIGINT; 143 SIGTERM
"""

import errno
from typing import Any

from nextword.cli.output import remark
from nextword.cli.program import NAME

FAILED = 1
BAD_INPUT = 2
LOCKED = 75
INTERRUPTED = 130

#: The machine's trouble, not the caller's: a broken disk, too many open files.
_DISK_TROUBLE = frozenset(
    {
        errno.EFBIG,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
    }
)


def report_error(error: Exception) -> int:
    """Say an error on standard error in an `error:` and a `help:` line; give the exit code."""
    message, help, code = explain(error)
    remark(f"error: {_one_line(message)}")
    if help:
        remark(f"help: {_one_line(help)}")
    return code


def explain(error: Exception) -> tuple[str, str, int]:
    """Return what was wrong, how to mend it, and the exit code."""
    # Only now: importing the base takes time that `--help` need not spend.
    from nextword.base import DiskFullError, NextwordError, disk_full, is_full_disk

    if is_full_disk(error):
        full = error if isinstance(error, DiskFullError) else disk_full(_place(error))
        return full.message, full.help, FAILED
    if isinstance(error, NextwordError):
        return error.message, error.help, _code(error)
    if _is_usage_error(error):
        return _explain_usage(error)
    if _is_out_of_memory(error):
        return (
            "the memory is not enough.",
            "Lower training.batch_size or --batch-size, or choose a smaller model.",
            FAILED,
        )
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        reason = str(error.strerror or error)
        code = FAILED if error.errno in _DISK_TROUBLE else BAD_INPUT
        return f"{where}{reason[:1].lower()}{reason[1:]}.", "", code
    return (
        f"internal {type(error).__name__}: {error}".rstrip(": "),
        "This is a bug in nextword. Run the command again with --debug and report what it shows.",
        FAILED,
    )


def _code(error: Exception) -> int:
    from nextword.base import BenchmarkError, LockedError, TrainingError

    if isinstance(error, LockedError):
        return LOCKED
    if isinstance(error, TrainingError | BenchmarkError):
        return FAILED
    cause = error.__cause__
    is_disk_trouble = isinstance(cause, OSError) and cause.errno in _DISK_TROUBLE
    return FAILED if is_disk_trouble else BAD_INPUT


def _place(error: BaseException) -> str:
    """Return the file that an error is about, as far as it says."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.filename:
            return str(found.filename)
        found = found.__cause__
    return "the result"


def _is_usage_error(error: Exception) -> bool:
    """Tell whether the parser of options raised it.

    Newer versions of typer carry that parser inside, older ones use the package click: the class
    has no name that both know.
    """
    return callable(getattr(error, "format_message", None))


def _explain_usage(error: Any) -> tuple[str, str, int]:
    from nextword.base import did_you_mean

    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else NAME
    if hasattr(error, "possibilities"):
        known = [
            name
            for parameter in (context.command.params if context is not None else [])
            for name in parameter.opts
            if name.startswith("--")
        ]
        help = did_you_mean(error.option_name, [*known, "--help"])
        return f"{path} has no option {error.option_name!r}.", help, BAD_INPUT
    message = " ".join(str(error.format_message()).split())
    return message[:1].lower() + message[1:], f"See {path} --help.", BAD_INPUT


def _is_out_of_memory(error: Exception) -> bool:
    # Not by class: torch has its own, and importing it here only to compare would take seconds.
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(error)
    )


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())
