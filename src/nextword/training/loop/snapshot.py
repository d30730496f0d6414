"""Parts of a checkpoint: the optimizer state, and the environment that results depend on."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nextword.base import Values
from nextword.parallel import World
from nextword.tensors import random_states, set_random_states

_OPTIMIZER = "optimizer."


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimizer state as tensors, named by parameter number and entry."""
    state: Mapping[int, Mapping[str, Any]] = optimizer.state_dict()["state"]
    return {
        f"{_OPTIMIZER}{number}.{name}": torch.as_tensor(value)
        for number, entries in state.items()
        for name, value in entries.items()
        if value is not None
    }


def load_optimizer_tensors(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Load the optimizer state; the hyperparameters of the optimizer are not changed."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith(_OPTIMIZER):
            number, _, name = key.removeprefix(_OPTIMIZER).partition(".")
            state.setdefault(int(number), {})[name] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def strip_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names start with a prefix, with the prefix removed."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def random_states_of_all(world: World) -> tuple[dict[str, Tensor], Values]:
    """Return the states of the random generators of all processes.

    Those of the first process have the names that a single process uses.

    Args:
        world: The processes.

    Returns:
        Tensors by name, and JSON values, in the first process; those of others are of no use.
    """
    own_tensors, own_values = random_states()
    gathered = world.gather((own_tensors, own_values))
    tensors, values = dict(own_tensors), dict(own_values)
    for rank, (others_tensors, others_values) in enumerate(gathered[1:], start=1):
        tensors |= {f"{_process(rank)}{name}": each for name, each in others_tensors.items()}
        values[_process(rank)] = others_values
    return tensors, values


def load_random_states(
    tensors: Mapping[str, Tensor], values: Values, *, world: World, num_saved: int
) -> None:
    """Restore the states of the random generators that `random_states_of_all` returned.

    A process that did not exist when they were saved continues with its own seed.

    Args:
        tensors: The tensors of the checkpoint.
        values: The JSON values.
        world: The processes.
        num_saved: Number of processes when they were saved.

    Raises:
        MismatchError: The states come from an incompatible version of Python or NumPy.
    """
    if world.is_first:
        set_random_states(dict(tensors), values)
    elif world.rank < num_saved:
        prefix = _process(world.rank)
        set_random_states(strip_prefix(tensors, prefix), values[prefix])
    else:
        # Not the seed of the beginning: its random numbers were used at the beginning.
        mixed = torch.initial_seed() + int(tensors["random.torch"].long().sum())
        torch.manual_seed((mixed + world.rank) % 2**63)


def _process(rank: int) -> str:
    """Return the prefix of the names of another process than the first."""
    return f"process.{rank}."


def environment(num_threads: int) -> Values:
    """Return the versions and settings that must be equal for a resumed run to be bit-exact."""
    return {"torch": torch.__version__, "num_threads": num_threads}
