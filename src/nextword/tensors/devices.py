"""The device of a computation."""

import torch

from nextword.base import ConfigError


def resolve_device(name: str = "auto") -> torch.device:
    """Return the device with a name, if this machine has it.

    Args:
        name: `auto` (a CUDA GPU if there is one, else the CPU), `cpu`, `cuda`, `cuda:1`, `mps` ...

    Raises:
        ConfigError: The name is unknown or the machine has no such device.

    Example:
        >>> resolve_device("cpu")
        device(type='cpu')
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(
            f"device {name!r} is unknown.", help="Use auto, cpu, cuda or mps."
        ) from error
    if not _is_available(device):
        raise ConfigError(
            f"device {name!r} is not available on this machine.", help="Use --device auto or cpu."
        )
    return device


def _is_available(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()
    if device.type == "mps":
        return torch.backends.mps.is_available()
    return device.type == "cpu"
