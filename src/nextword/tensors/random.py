"""Random numbers: seeds, and the generators' states that a resume needs."""

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
    """The state of torch's generators that a model on one device draws from.

    Attributes:
        cpu: Of the CPU's generator.
        device: Of the GPU's, where the model is on one.
    """

    cpu: Tensor
    device: Tensor | None


def torch_random_state(device: torch.device) -> TorchRandomState:
    """Return what it takes to draw the same numbers again; cheap enough for every update."""
    on_gpu = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return TorchRandomState(cpu=torch.get_rng_state(), device=on_gpu)


def set_torch_random_state(state: TorchRandomState, device: torch.device) -> None:
    """Put the generators back to what `torch_random_state` returned for the device."""
    torch.set_rng_state(state.cpu)
    if state.device is not None:
        torch.cuda.set_rng_state(state.device, device)


def random_states() -> tuple[dict[str, Tensor], Values]:
    """Give the state of every generator: large ones as tensors, Python's as JSON values."""
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
    """Put every generator back to a state that `random_states` gave.

    Raises:
        MismatchError: The state comes from another version of Python or NumPy's generator.
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
