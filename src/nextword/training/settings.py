"""Which settings a run has: those asked for, held against those of the run in the folder."""

import os
from dataclasses import asdict, replace
from pathlib import Path

from nextword.base import ConfigError, MismatchError, Values, decode, encode, read_toml, write_toml
from nextword.storage import RunFolder
from nextword.training.config import RunConfig
from nextword.training.sources import NO_FILES, OLD_TEXT

RESUME = ("auto", "never", OLD_TEXT)
#: Settings that may differ from the saved ones when a run goes on: how long, and what is logged.
_MAY_DIFFER = ("epochs", "max_steps", "max_minutes", "log_every", "checkpoint_every")
#: Settings that name files, from which folder does not matter.
_PATHS = (
    ("text", "train"),
    ("text", "valid"),
    ("text", "test"),
    ("text", "init"),
    ("embedding", "path"),
)


def settle(
    config: RunConfig, run: RunFolder, *, resume: str, folder: Path | None = None
) -> RunConfig:
    """Check the settings against those of the run in the folder, and write them down.

    Args:
        config: The settings asked for.
        run: The run folder.
        resume: `never`, `auto` or `old-text`.
        folder: Where the run was started; here when None.

    Returns:
        The settings, files named as when the run was started.

    Raises:
        ConfigError: The folder is not empty and `resume` is `never`.
        MismatchError: The run in the folder was started with other settings.
    """
    if resume not in RESUME:
        raise ConfigError(f"resume is {resume!r}.", help=f"Use {', '.join(RESUME)}.")
    if not run.is_empty():
        if resume == "never":
            raise ConfigError(
                f"{run.path} is not empty.",
                help="Choose another --out, or go on with the run by --resume auto.",
            )
        saved = decode(
            RunConfig,
            read_toml(run.read_config(), source=str(run.config_file)),
            source="config.toml",
        )
        config = _named_as_saved(config, saved, folder=Path.cwd() if folder is None else folder)
        _refuse_other_settings(config, saved, run)
    run.write_config(write_toml(encode(config)))
    return config


def _named_as_saved(config: RunConfig, saved: RunConfig, *, folder: Path) -> RunConfig:
    """Name files as the saved settings do where they are the same files."""
    for section, key in _PATHS:
        here, there = (getattr(getattr(each, section), key) for each in (config, saved))
        if here != there and _absolute(here, Path.cwd()) == _absolute(there, folder):
            part = replace(getattr(config, section), **{key: there})
            config = replace(config, **{section: part})
    return config


def _absolute(names: str | tuple[str, ...] | None, folder: Path) -> list[str]:
    """Name files from the root; what stands for no file stays."""
    listed = [names] if isinstance(names, str) else names or ()
    return [name if name in NO_FILES else os.path.normpath(folder / name) for name in listed]


def _refuse_other_settings(config: RunConfig, saved: RunConfig, run: RunFolder) -> None:
    here, there = _comparable(config), _comparable(saved)
    for section in here:
        for key, value in here[section].items():
            if value != there[section][key]:
                raise MismatchError(
                    f"{section}.{key} is {_shown(value)}, but the run in {run.path} was started "
                    f"with {_shown(there[section][key])}.",
                    help="Give the settings of the run, or choose another --out.",
                )


def _shown(value: object) -> str:
    """Write a value as a person gave it; several texts stand side by side."""
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else repr(value)


def _comparable(config: RunConfig) -> dict[str, Values]:
    """Give the settings that must be the same when a run goes on."""
    values = {
        section: value for section, value in asdict(config).items() if section != "description"
    }
    for key in _MAY_DIFFER:
        values["training"].pop(key)
    return values
