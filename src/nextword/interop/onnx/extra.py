"""Clear errors where onnx or onnxruntime is not installed."""

from typing import Any

from nextword.base import MissingExtraError

_HELP = "pip install 'nextword[onnx]'"


def import_onnx() -> Any:
    """Import and return the onnx module.

    Raises:
        MissingExtraError: onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError(
            "writing ONNX files needs onnx, which is not installed.", help=_HELP
        ) from error
    return onnx


def import_onnxruntime() -> Any:
    """Import and return the onnxruntime module.

    Raises:
        MissingExtraError: onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError(
            "running ONNX files needs onnxruntime, which is not installed.", help=_HELP
        ) from error
    return onnxruntime
