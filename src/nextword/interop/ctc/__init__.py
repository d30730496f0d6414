"""Language models for decoders of CTC networks: pyctcdecode, and torchaudio or flashlight-text.

Each class needs its package; a name is imported when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nextword.interop.ctc.flashlight_model import FlashlightModel
    from nextword.interop.ctc.pyctcdecode_model import PyctcdecodeModel

_HOMES = {
    "FlashlightModel": "nextword.interop.ctc.flashlight_model",
    "PyctcdecodeModel": "nextword.interop.ctc.pyctcdecode_model",
}

__all__ = ["FlashlightModel", "PyctcdecodeModel"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'nextword.interop.ctc' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
