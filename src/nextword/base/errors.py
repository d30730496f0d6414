"""Every error that nextword raises on purpose.

    NextwordError
    ├── ConfigError(ValueError)          a setting unknown, out of range or against another
    ├── DataError(ValueError)            text that cannot be read, decoded or used
    │   └── VocabularyError              a token or id the vocabulary does not hold
    ├── ShapeError(ValueError)           arrays whose sizes do not fit together
    ├── CheckpointError(RuntimeError)    a folder that cannot be loaded or written
    │   ├── DiskFullError                a disk without space left for what is saved
    │   ├── FormatError                  damaged, incomplete, or made by a newer version
    │   └── MismatchError                sound, but it belongs to something else
    ├── LockedError(RuntimeError)        another process holds the run folder
    ├── TrainingError(RuntimeError)      training cannot go on
    │   └── DivergedError                the loss is NaN or infinite
    ├── BenchmarkError(RuntimeError)     a speed that cannot be measured, or must not be reported
    └── MissingExtraError(ImportError)   an optional dependency is not installed

A message says what was wrong with the values seen and where; `help` says how to mend it. The
command line prints the two as `error:` and `help:` lines.
"""


class NextwordError(Exception):
    """Base of every error raised on purpose.

    Args:
        message: What was wrong, with the values seen, and where.
        help: How to mend it, as a command or a value; empty when the message says it all.
    """

    def __init__(self, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return f"{self.message} {self.help}".strip()


class ConfigError(NextwordError, ValueError):
    """A setting is unknown, out of range, or contradicts another one.

    Args:
        message: What is wrong with the setting.
        help: How to mend it.
        setting: Path of the setting, such as `model.num_layers`; empty if it is not known.
    """

    def __init__(self, message: str, *, help: str = "", setting: str = "") -> None:
        super().__init__(message, help=help)
        self.setting = setting


def require(condition: bool, message: str, *, help: str = "") -> None:
    """Raise ConfigError with this message unless the condition holds."""
    if not condition:
        raise ConfigError(message, help=help)


class DataError(NextwordError, ValueError):
    """Text that cannot be read, decoded or used."""


class VocabularyError(DataError):
    """A token or an id that the vocabulary does not hold."""


class ShapeError(NextwordError, ValueError):
    """Arrays whose sizes do not fit together."""


class CheckpointError(NextwordError, RuntimeError):
    """A model or run folder that cannot be loaded or written."""


class DiskFullError(CheckpointError):
    """A disk has no space left for what is saved."""


class FormatError(CheckpointError):
    """A folder that is damaged, incomplete, or was written by a newer version."""


class MismatchError(CheckpointError):
    """A sound file or state that belongs to another model or run."""


class LockedError(NextwordError, RuntimeError):
    """Another process holds the run folder."""


class TrainingError(NextwordError, RuntimeError):
    """Training cannot go on."""


class DivergedError(TrainingError):
    """The loss or the gradient became NaN or infinite."""


class BenchmarkError(NextwordError, RuntimeError):
    """A speed that cannot be measured, or must not be reported."""


class MissingExtraError(NextwordError, ImportError):
    """An optional dependency is not installed."""
