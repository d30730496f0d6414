"""What every other folder uses: errors, units, safe files, settings. Does not import torch.

Each of these small parts depends on nothing else and has a file of its own: therefore more than 12
files.
"""

from nextword.base.config import decode, decode_layers, encode
from nextword.base.described_settings import (
    DescribedSetting,
    SettingSection,
    described_settings,
)
from nextword.base.errors import (
    BenchmarkError,
    CheckpointError,
    ConfigError,
    DataError,
    DiskFullError,
    DivergedError,
    FormatError,
    LockedError,
    MismatchError,
    MissingExtraError,
    NextwordError,
    NoChoiceError,
    OutOfMemoryError,
    ShapeError,
    TrainingError,
    VocabularyError,
    WorkerError,
    require,
)
from nextword.base.files import (
    atomic_writer,
    created_folder,
    file_mode_under_umask,
    fsync_file,
    fsync_folder,
    write_bytes,
    write_json,
)
from nextword.base.full_disk import causes, disk_full, full_disk_errors, is_full_disk
from nextword.base.json_values import with_nulls
from nextword.base.layers import Layer, merge, nested, source_of
from nextword.base.mapped_pages import release_map, release_pages, track_map
from nextword.base.one_of import OneOf, parts
from nextword.base.out_of_memory import is_out_of_memory
from nextword.base.paths import checked_path, shortened
from nextword.base.processes import (
    available_processors,
    map_in_processes,
    portable_error,
    serve_jobs,
)
from nextword.base.progress import ProgressCallback
from nextword.base.ranges import (
    Decay,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    PositiveProbability,
    Probability,
    describe_range,
    require_count,
    require_range,
)
from nextword.base.registry import Registry
from nextword.base.settings import STRICT, settings
from nextword.base.strings import require_several, require_text, require_words
from nextword.base.suggestions import did_you_mean, nearest_name
from nextword.base.toml import Values, parse_override, read_toml, write_toml
from nextword.base.units import nats_to_bits, perplexity

__all__ = [
    "STRICT",
    "BenchmarkError",
    "CheckpointError",
    "ConfigError",
    "DataError",
    "Decay",
    "DescribedSetting",
    "DiskFullError",
    "DivergedError",
    "FormatError",
    "Layer",
    "LockedError",
    "MismatchError",
    "MissingExtraError",
    "NextwordError",
    "NoChoiceError",
    "NonNegativeFloat",
    "NonNegativeInt",
    "OneOf",
    "OutOfMemoryError",
    "PositiveFloat",
    "PositiveInt",
    "PositiveProbability",
    "Probability",
    "ProgressCallback",
    "Registry",
    "SettingSection",
    "ShapeError",
    "TrainingError",
    "Values",
    "VocabularyError",
    "WorkerError",
    "atomic_writer",
    "available_processors",
    "causes",
    "checked_path",
    "created_folder",
    "decode",
    "decode_layers",
    "describe_range",
    "described_settings",
    "did_you_mean",
    "disk_full",
    "encode",
    "file_mode_under_umask",
    "fsync_file",
    "fsync_folder",
    "full_disk_errors",
    "is_full_disk",
    "is_out_of_memory",
    "map_in_processes",
    "merge",
    "nats_to_bits",
    "nearest_name",
    "nested",
    "parse_override",
    "parts",
    "perplexity",
    "portable_error",
    "read_toml",
    "release_map",
    "release_pages",
    "require",
    "require_count",
    "require_range",
    "require_several",
    "require_text",
    "require_words",
    "serve_jobs",
    "settings",
    "shortened",
    "source_of",
    "track_map",
    "with_nulls",
    "write_bytes",
    "write_json",
    "write_toml",
]
