"""Choosing how a layer is run, by what each backend declares that it supports."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from nextword.base import ConfigError, did_you_mean
from nextword.cells import AnyCell, CellState
from nextword.recurrent.backends import aten, reference
from nextword.tensors import Lengths

_logger = logging.getLogger(__name__)

RunLayer = Callable[[AnyCell, Tensor, CellState, Lengths | None], tuple[Tensor, CellState]]


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A way to run a layer over time.

    Attributes:
        name: What `training.backend` calls it.
        supports: Whether it can run a cell.
        run_layer: Runs a layer: (cell, inputs, state, lengths) to (outputs, final state).
    """

    name: str
    supports: Callable[[AnyCell], bool]
    run_layer: RunLayer


#: Fastest first; the last one supports everything.
BACKENDS = (
    Backend(name="aten", supports=aten.supports, run_layer=aten.run_layer),
    Backend(name="reference", supports=reference.supports, run_layer=reference.run_layer),
)


def choose_backend(cell: AnyCell, *, name: str = "auto") -> Backend:
    """Give the fastest backend that supports a cell, or the one that is named.

    Raises:
        ConfigError: The name is unknown, or that backend does not support the cell.
    """
    by_name = {backend.name: backend for backend in BACKENDS}
    if name == "auto":
        backend = next(backend for backend in BACKENDS if backend.supports(cell))
    elif name not in by_name:
        raise ConfigError(
            f"training.backend {name!r} is unknown.", help=did_you_mean(name, ["auto", *by_name])
        )
    elif not by_name[name].supports(cell):
        raise ConfigError(
            f"the backend {name!r} does not support {type(cell).__name__} as it is set up.",
            help="Use --set training.backend=auto.",
        )
    else:
        backend = by_name[name]
    _logger.info("%s runs on the backend %s", type(cell).__name__, backend.name)
    return backend
