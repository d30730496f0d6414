"""Clear errors where onnx or onnxruntime is not installed."""

import importlib
from typing import Any

from nextword.base import MissingExtraError


def import_onnx() -> Any:
    """Import and return the onnx module.

    Raises:
        MissingExtraError: onnx is not installed.
    """
    return _imported("onnx", purpose="writing")


def import_onnxruntime() -> Any:
    """Import and return the onnxruntime module.

    Raises:
        MissingExtraError: onnxruntime is not installed.
    """
    return _imported("onnxruntime", purpose="running")


def _imported(name: str, *, purpose: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(
            f"{purpose} ONNX files needs {name}, which is not installed.",
            help="pip install 'nextword[onnx]'",
        ) from error
