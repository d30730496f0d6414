"""A clear error where the web framework is not installed; the package imports this file first."""

from nextword.base import MissingExtraError


def require_serve() -> None:
    """Raise an error if the packages of the extra `serve` are not installed.

    Raises:
        MissingExtraError: One of them is missing.
    """
    try:
        import fastapi  # noqa: F401
        import prometheus_client  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"nextword.serving needs {error.name}, which is not installed.",
            help="pip install 'nextword[serve]'",
        ) from error


require_serve()
