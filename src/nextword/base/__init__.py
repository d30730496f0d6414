"""What every room stands on: errors, units, safe files, configurations. Knows nothing of torch."""

from nextword.base.config import (
    STRICT,
    Values,
    decode,
    encode,
    merge,
    parse_override,
    read_toml,
    require,
    require_range,
    write_toml,
)
from nextword.base.errors import (
    BenchmarkError,
    CheckpointError,
    ConfigError,
    DataError,
    DivergedError,
    FormatError,
    LockedError,
    MismatchError,
    MissingExtraError,
    NextwordError,
    ShapeError,
    TrainingError,
    VocabularyError,
)
from nextword.base.files import (
    atomic_writer,
    file_mode_under_umask,
    fsync_file,
    fsync_folder,
    write_bytes,
    write_json,
)
from nextword.base.json_values import with_nulls
from nextword.base.one_of import OneOf, setting_types
from nextword.base.registry import Registry
from nextword.base.suggestions import did_you_mean, nearest_name
from nextword.base.units import LN_2, nats_to_bits, perplexity

__all__ = [
    "LN_2",
    "STRICT",
    "BenchmarkError",
    "CheckpointError",
    "ConfigError",
    "DataError",
    "DivergedError",
    "FormatError",
    "LockedError",
    "MismatchError",
    "MissingExtraError",
    "NextwordError",
    "OneOf",
    "Registry",
    "ShapeError",
    "TrainingError",
    "Values",
    "VocabularyError",
    "atomic_writer",
    "decode",
    "did_you_mean",
    "encode",
    "file_mode_under_umask",
    "fsync_file",
    "fsync_folder",
    "merge",
    "nats_to_bits",
    "nearest_name",
    "parse_override",
    "perplexity",
    "read_toml",
    "require",
    "require_range",
    "setting_types",
    "with_nulls",
    "write_bytes",
    "write_json",
    "write_toml",
]
