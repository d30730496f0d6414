"""The error for a file that cannot be loaded."""

from nextword.base import CheckpointError


class ModelFileError(CheckpointError, OSError):
    """A model cannot be loaded. It is also an OSError, which the module `kenlm` raises."""
