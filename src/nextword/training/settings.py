"""Which settings a run has: those asked for, held against those of the run in the folder."""

from dataclasses import asdict

from nextword.base import ConfigError, MismatchError, Values, decode, encode, read_toml, write_toml
from nextword.storage import RunFolder
from nextword.training.config import RunConfig

RESUME = ("auto", "never")
#: Settings that may differ from the saved ones when a run goes on: how long, and what is logged.
_MAY_DIFFER = ("epochs", "max_steps", "max_minutes", "log_every", "checkpoint_every")


def settle(config: RunConfig, run: RunFolder, *, resume: str) -> None:
    """Check the settings against those of the run in the folder, and write them down.

    Raises:
        ConfigError: The folder is not empty and `resume` is `never`.
        MismatchError: The run in the folder was started with other settings.
    """
    if resume not in RESUME:
        raise ConfigError(f"resume is {resume!r}.", help="Use auto or never.")
    if not run.is_empty():
        if resume == "never":
            raise ConfigError(
                f"{run.path} is not empty.",
                help="Choose another --out, or go on with the run by --resume auto.",
            )
        _refuse_other_settings(config, run)
    run.write_config(write_toml(encode(config)))


def _refuse_other_settings(config: RunConfig, run: RunFolder) -> None:
    saved = decode(
        RunConfig, read_toml(run.read_config(), source=str(run.config_file)), source="config.toml"
    )
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
