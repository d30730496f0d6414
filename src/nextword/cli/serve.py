"""`nextword serve`: an HTTP server for models."""

import signal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextword.cli.loading import load_any_model
from nextword.cli.options import ArpaEncoding, Debug, Device, Precision
from nextword.cli.output import remark, write_line

if TYPE_CHECKING:
    from nextword.serving import ServerConfig

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL",
            help="Models of any kind; NAME=MODEL sets the name, which is that of the folder "
            "otherwise.",
        ),
    ],
    *,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen at.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", help="Port to listen at; 0 for a free one.")
    ] = 8000,
    api_key: Annotated[
        str | None,
        typer.Option(
            "--api-key",
            metavar="KEY",
            envvar="NEXTWORD_API_KEY",
            help="Key that requests have to send. Other users of the machine can read options; "
            "the environment variable is safer.",
        ),
    ] = None,
    allowed_hosts: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-host",
            metavar="NAME",
            help="Name under which the server is reached, as behind a proxy; repeatable.",
        ),
    ] = None,
    allowed_origins: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-origin",
            metavar="URL",
            help="Origin of web pages that may use the server; repeatable.",
        ),
    ] = None,
    max_queue: Annotated[
        int | None,
        typer.Option("--max-queue", metavar="N", help="Number of samples that wait for a model."),
    ] = None,
    max_rows: Annotated[
        int | None,
        typer.Option(
            "--max-rows", metavar="N", help="Number of samples that are generated together."
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="limits.KEY=VALUE",
            help="Change a limit, such as limits.max_tokens=1000; repeatable.",
        ),
    ] = None,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    precision: Precision = None,
    debug: Debug = False,
) -> None:
    """Serve models over HTTP, with the OpenAI protocol and a page, until SIGINT or SIGTERM.

    The address is printed when the server answers. When a signal arrives, running requests are
    completed first.
    """
    named = model_names(models)
    config = _config(
        {
            "host": host,
            "port": port,
            "api_key": api_key,
            "allowed_hosts": allowed_hosts,
            "allowed_origins": allowed_origins,
        },
        overrides or [],
        max_queue=max_queue,
        max_rows=max_rows,
    )
    from nextword.serving import create_app, run_server

    loaded = {
        name: load_any_model(
            path,
            device=device,
            encoding=encoding if _is_arpa(path) else None,
            precision=precision,
        )
        for name, path in named.items()
    }
    if host not in _LOOPBACK and api_key is None:
        remark(f"note: {host} is reached by other machines, and no key is needed; see --api-key.")
    stopped_by = run_server(create_app(loaded, config), config, on_started=_announce)
    if stopped_by == signal.SIGINT:
        raise KeyboardInterrupt("stopped")


def model_names(models: list[str]) -> dict[str, str]:
    """Return the path of each model by its name.

    Args:
        models: Paths, or NAME=PATH.

    Raises:
        ConfigError: Two models have the same name.
    """
    from nextword.base import ConfigError

    named: dict[str, str] = {}
    for given in models:
        name, path = _split(given)
        if name in named:
            raise ConfigError(
                f"two models have the name {name!r}: {named[name]} and {path}.",
                help=f"Set another name, such as other={path}.",
            )
        named[name] = path
    return named


def _split(given: str) -> tuple[str, str]:
    """Return the name and the path of a model."""
    from pathlib import Path

    name, separator, path = given.partition("=")
    if separator and name and path and "/" not in name and not Path(given).exists():
        return name, path
    place = Path(given.removeprefix("hf:")).resolve() if ":" not in given else Path(given)
    return place.name.removesuffix(".gz").removesuffix(".arpa") or given, given


def _config(
    values: dict[str, Any], overrides: list[str], *, max_queue: int | None, max_rows: int | None
) -> "ServerConfig":
    """Return the settings of the options."""
    from nextword.base import Layer, decode_layers, parse_override
    from nextword.serving import ServerConfig

    limits = {"max_queue": max_queue, "max_rows": max_rows}
    given = {name: value for name, value in values.items() if value is not None}
    layers = [
        Layer(given, source="command line"),
        *(Layer(parse_override(text), source=f"--set {text}") for text in overrides),
        Layer(
            {"limits": {name: value for name, value in limits.items() if value is not None}},
            source="command line",
        ),
    ]
    return decode_layers(ServerConfig, layers)


def _is_arpa(path: str) -> bool:
    return path.removesuffix(".gz").endswith((".arpa", ".lm"))


def _announce(url: str) -> None:
    write_line(f"listening at {url}")
