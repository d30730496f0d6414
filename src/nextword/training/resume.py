"""Settings of a resumed run: the requested ones, compared with those saved in the run folder."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from nextword.base import ConfigError, MismatchError, Values, decode, encode, write_toml
from nextword.storage import RunFolder
from nextword.training.data import NO_FILES, OLD_TEXT
from nextword.training.recipe_files import read_settings

RESUME = ("auto", "never", OLD_TEXT)
#: Values of settings that were not given.
_NOTHING = (None, (), "")
#: Settings that may change when a run is resumed: length, logging and checkpoint interval.
_MAY_DIFFER = (
    "epochs",
    "max_steps",
    "max_minutes",
    "log_every",
    "gradients_every",
    "checkpoint_every",
    "by_text",
)
#: Settings that contain file names; relative and absolute names of the same file are equal.
PATHS = (
    ("text", "train"),
    ("text", "valid"),
    ("text", "test"),
    ("text", "init"),
    ("embedding", "path"),
)

#: `RunConfig`, or the settings of another task with the sections `text` and `training`.
AnyConfig = TypeVar("AnyConfig", bound=Any)


def resumable_config(
    config: AnyConfig,
    run: RunFolder,
    *,
    resume: str,
    folder: Path | None = None,
    paths: Sequence[tuple[str, str]] = PATHS,
    keep: Callable[[AnyConfig, AnyConfig], AnyConfig] | None = None,
) -> AnyConfig:
    """Compare the settings with those saved in the run folder, and save them.

    Args:
        config: The requested settings.
        run: The run folder.
        resume: `never`, `auto` or `old-text`.
        folder: Folder in which the run was started; the current one when None.
        paths: Section and key of the settings that contain file names.
        keep: Called with the requested and the saved settings before they are compared; returns the
            requested ones with the values that the run chose at its start.

    Returns:
        The settings, with file names as they were when the run was started.

    Raises:
        ConfigError: The folder is not empty and `resume` is `never`, or is not that of a run.
        MismatchError: The run in the folder was started with other settings.
    """
    if resume not in RESUME:
        raise ConfigError(f"resume is {resume!r}.", help=f"Use {', '.join(RESUME)}.")
    if not run.is_empty():
        if resume == "never":
            goes_on = (
                ", or continue the run with --resume auto" if run.config_file.is_file() else ""
            )
            raise ConfigError(f"{run.path} is not empty.", help=f"Choose another --out{goes_on}.")
        saved = _saved_config(type(config), run)
        if keep is not None:
            config = keep(config, saved)
        folder = Path.cwd() if folder is None else folder
        config = _named_as_saved(config, saved, folder=folder, paths=paths)
        _refuse_other_settings(config, saved, run)
    run.write_config(write_toml(encode(config)))
    return config


def _saved_config(kind: type[AnyConfig], run: RunFolder) -> AnyConfig:
    """Return the settings in a run folder.

    Args:
        kind: `RunConfig`, or the class of the settings of another task.
        run: The run folder.

    Raises:
        ConfigError: The folder has no settings of a run.
    """
    if not run.config_file.is_file():
        raise ConfigError(
            f"{run.path} is not empty, and is not a run folder.", help="Choose another --out."
        )
    values = read_settings(run.read_config(), source=str(run.config_file))
    return decode(kind, values, source="config.toml")


def _named_as_saved(
    config: AnyConfig, saved: AnyConfig, *, folder: Path, paths: Sequence[tuple[str, str]]
) -> AnyConfig:
    """Replace file names by the saved ones if they refer to the same files."""
    for section, key in paths:
        here, there = (getattr(getattr(each, section), key) for each in (config, saved))
        if here != there and _absolute(here, Path.cwd()) == _absolute(there, folder):
            part = replace(getattr(config, section), **{key: there})
            config = replace(config, **{section: part})
    return config


def _absolute(names: str | tuple[str, ...] | None, folder: Path) -> list[str]:
    """Return absolute file names; names that are not files are returned unchanged."""
    listed = [names] if isinstance(names, str) else names or ()
    return [name if name in NO_FILES else os.path.normpath(folder / name) for name in listed]


def _refuse_other_settings(config: AnyConfig, saved: AnyConfig, run: RunFolder) -> None:
    here, there = _comparable(config), _comparable(saved)
    for section in here:
        for key, value in here[section].items():
            other = there[section][key]
            if value != other:
                raise MismatchError(
                    f"{section}.{key} is {'not given' if value in _NOTHING else _shown(value)}, "
                    f"but the run in {run.path} was started "
                    f"{'without it' if other in _NOTHING else 'with ' + _shown(other)}.",
                    help="Give it as it was, leave all settings and texts out to use those of the "
                    "run, or choose another --out.",
                )


def _shown(value: object) -> str:
    """Format a value as on the command line; several texts are separated by blanks."""
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else repr(value)


def _comparable(config: Any) -> dict[str, Values]:
    """Return the settings that must not change when a run is resumed."""
    values = {
        section: value for section, value in asdict(config).items() if section != "description"
    }
    for key in _MAY_DIFFER:
        values["training"].pop(key, None)
    return values
