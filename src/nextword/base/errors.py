"""Every error that nextword raises deliberately.

    NextwordError
    ├── ConfigError(ValueError)          a setting is unknown, out of range or contradicts another
    ├── DataError(ValueError)            text that cannot be read, decoded or used
    │   └── VocabularyError              a token or id that is not in the vocabulary
    ├── ShapeError(ValueError)           tensors whose shapes do not match
    ├── CheckpointError(RuntimeError)    a folder that cannot be loaded or written
    │   ├── DiskFullError                no space left on the disk
    │   ├── FormatError                  damaged, incomplete, or made by a newer version
    │   └── MismatchError                valid, but of another model or run
    ├── LockedError(RuntimeError)        another process uses the run folder
    ├── TrainingError(RuntimeError)      training cannot continue
    │   └── DivergedError                the loss is NaN or infinite
    ├── WorkerError(RuntimeError)        a process that does a part of the work ended
    ├── OutOfMemoryError(MemoryError)    a setting asks for more memory than there is
    ├── BenchmarkError(RuntimeError)     a speed that cannot be measured, or must not be reported
    └── MissingExtraError(ImportError)   an optional dependency is not installed

A message says what is wrong, with the value and the place; `help` says how to fix it. The command
line prints them as `error:` and `help:`.
"""


class NextwordError(Exception):
    """Base of every error that nextword raises deliberately.

    Args:
        message: What is wrong, with the value and the place.
        help: How to fix it, as a command or a value; may be empty.
    """

    def __init__(self, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return f"{self.message} {self.help}".strip()


class ConfigError(NextwordError, ValueError):
    """A setting, whose path is `setting`, is unknown, out of range, or contradicts another one."""

    def __init__(self, message: str, *, help: str = "", setting: str = "") -> None:
        super().__init__(message, help=help)
        self.setting = setting


class NoChoiceError(ConfigError):
    """No next token can be chosen: all are banned or have probability 0."""

    @classmethod
    def of(cls, vocab_size: int) -> "NoChoiceError":
        """Return the error for a vocabulary.

        Args:
            vocab_size: Number of token ids.
        """
        return cls(
            f"no token can follow: all {vocab_size} are banned or have probability 0.",
            help="Use another prompt, or ban fewer tokens. A model without smoothing may know only "
            "unknown words there; model.smoothing=kneser_ney gives every word a probability.",
        )


def require(condition: bool, message: str, *, help: str = "") -> None:
    """Raise ConfigError with a message unless a condition is true."""
    if not condition:
        raise ConfigError(message, help=help)


class DataError(NextwordError, ValueError):
    """Text cannot be read, decoded or used."""


class VocabularyError(DataError):
    """A token or an id is not in the vocabulary."""


class ShapeError(NextwordError, ValueError):
    """The shapes of tensors do not match."""


class CheckpointError(NextwordError, RuntimeError):
    """A model or run folder cannot be loaded or written."""


class DiskFullError(CheckpointError):
    """A disk has no space left."""


class FormatError(CheckpointError):
    """A folder is damaged, incomplete, or was written by a newer version."""


class MismatchError(CheckpointError):
    """A valid file or state belongs to another model or run."""


class LockedError(NextwordError, RuntimeError):
    """Another process uses the run folder."""


class TrainingError(NextwordError, RuntimeError):
    """Training cannot continue."""


class DivergedError(TrainingError):
    """The loss or the gradient became NaN or infinite."""


class WorkerError(NextwordError, RuntimeError):
    """A process that does a part of the work ended before it was done."""


class OutOfMemoryError(NextwordError, MemoryError):
    """A setting asks for more memory than there is."""


class BenchmarkError(NextwordError, RuntimeError):
    """A speed cannot be measured, or must not be reported."""


class MissingExtraError(NextwordError, ImportError):
    """An optional dependency is not installed."""
