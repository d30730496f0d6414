"""Seeds, and the states of random number generators that checkpoints store."""

import random
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nextword.base import MismatchError, Values


def seed_everything(seed: int) -> None:
    """Seed the generators of Python, NumPy and torch (CPU and GPU)."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


@dataclass(frozen=True, kw_only=True)
class TorchRandomState:
    """The states of torch's generators for a model on one device.

    Attributes:
        cpu: State of the generator of the CPU.
        device: State of the generator of the GPU; None for a model on the CPU.
    """

    cpu: Tensor
    device: Tensor | None


def torch_random_state(device: torch.device) -> TorchRandomState:
    """Return the states of torch's generators for a device; fast enough for every update."""
    on_gpu = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return TorchRandomState(cpu=torch.get_rng_state(), device=on_gpu)


def set_torch_random_state(state: TorchRandomState, device: torch.device) -> None:
    """Restore the states that `torch_random_state` returned for the device."""
    torch.set_rng_state(state.cpu)
    if state.device is not None:
        torch.cuda.set_rng_state(state.device, device)


def random_states() -> tuple[dict[str, Tensor], Values]:
    """Return the states of the generators of torch, Python and NumPy.

    Returns:
        The large parts as tensors by name, and the rest as values that JSON can represent.
    """
    version, words, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    tensors = {
        "random.torch": torch.get_rng_state(),
        "random.python": torch.tensor(words, dtype=torch.int64),
        "random.numpy": torch.from_numpy(np.asarray(keys, dtype=np.int64)),
    }
    if torch.cuda.is_available():
        for index, state in enumerate(torch.cuda.get_rng_state_all()):
            tensors[f"random.cuda.{index}"] = state
    values = {
        "python": {"version": version, "gauss": gauss},
        "numpy": {"name": name, "position": position, "has_gauss": has_gauss, "cached": cached},
    }
    return tensors, values


def set_random_states(tensors: dict[str, Tensor], values: Values) -> None:
    """Restore the states that `random_states` returned.

    Raises:
        MismatchError: The states come from an incompatible version of Python or NumPy.
    """
    python, numpy = values["python"], values["numpy"]
    try:
        words = tuple(tensors["random.python"].tolist())
        random.setstate((python["version"], words, python["gauss"]))
        keys = tensors["random.numpy"].numpy().astype(np.uint32)
        np.random.set_state(
            (numpy["name"], keys, numpy["position"], numpy["has_gauss"], numpy["cached"])
        )
    except (TypeError, ValueError) as error:
        raise MismatchError(
            f"the checkpoint's random state does not fit this Python or NumPy: {error}.",
            help="Resume with the versions the run was started with.",
        ) from error
    torch.set_rng_state(tensors["random.torch"].cpu())
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        if f"random.cuda.{index}" in tensors:
            torch.cuda.set_rng_state(tensors[f"random.cuda.{index}"].cpu(), index)
