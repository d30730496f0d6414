"""A clear error where scikit-learn is not installed; the package imports this file first."""

from nextword.base import MissingExtraError


def require_sklearn() -> None:
    """Raise an error if scikit-learn is not installed.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "nextword.interop.sklearn needs scikit-learn, which is not installed.",
            help="pip install 'nextword[sklearn]'",
        ) from error


require_sklearn()
