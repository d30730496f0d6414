"""Choice of the backend of a layer, by the cells and the noise that each backend supports."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from nextword.base import ConfigError, did_you_mean
from nextword.cells import AnyCell, CellState
from nextword.recurrent.backends import aten, hoisted, native, reference, scan
from nextword.recurrent.noise import NO_LAYER_NOISE, LayerNoise, NoiseKind
from nextword.tensors import Embeddings, Hidden, Lengths

_logger = logging.getLogger(__name__)


def _always(cell: AnyCell) -> bool:
    return True


def _never(cell: AnyCell) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Backend:
    """An implementation of a recurrent layer over time.

    Attributes:
        name: Its name in `training.backend`.
        supports: Returns whether it can run a cell.
        run: Runs a layer over a window that is not empty, with the arguments of
            `reference.run_layer`, and returns the outputs and the final state.
        noise: The kinds of noise that it supports.
        is_worthwhile: Returns whether it is faster for a cell than the backends after it. If no
            backend is, the first one that supports the cell is chosen.
    """

    name: str
    supports: Callable[[AnyCell], bool]
    run: Callable[..., tuple[Tensor, CellState]]
    noise: frozenset[NoiseKind] = frozenset()
    is_worthwhile: Callable[[AnyCell], bool] = _always

    def can_run(self, cell: AnyCell, noise: frozenset[NoiseKind]) -> bool:
        """Return whether it supports the cell and all of its noise."""
        return self.supports(cell) and noise <= self.noise

    def run_layer(
        self,
        cell: AnyCell,
        inputs: Embeddings,
        *,
        state: CellState,
        lengths: Lengths | None,
        noise: LayerNoise = NO_LAYER_NOISE,
    ) -> tuple[Hidden, CellState]:
        """Run a layer; arguments and results as in the reference, which runs empty windows."""
        run = reference.run_layer if 0 in inputs.shape[:2] else self.run
        return run(cell, inputs, state=state, lengths=lengths, noise=noise)


#: Fastest first; the last one supports everything.
BACKENDS = (
    Backend(name="native", supports=native.supports, run=native.run_layer, noise=native.NOISE),
    Backend(
        name="scan",
        supports=scan.supports,
        run=scan.run_layer,
        noise=scan.NOISE,
        is_worthwhile=scan.is_worthwhile,
    ),
    Backend(
        name="hoisted",
        supports=hoisted.supports,
        run=hoisted.run_layer,
        noise=hoisted.NOISE,
        is_worthwhile=hoisted.is_worthwhile,
    ),
    Backend(name="aten", supports=aten.supports, run=aten.run_layer, noise=aten.NOISE),
    Backend(
        name="reference",
        supports=reference.supports,
        run=reference.run_layer,
        noise=reference.NOISE,
        is_worthwhile=_never,
    ),
)


def choose_backend(
    cell: AnyCell, *, name: str = "auto", noise: frozenset[NoiseKind] = frozenset()
) -> Backend:
    """Return the fastest backend that supports a cell and its noise, or the named one.

    Args:
        cell: The cell, on the device where it will run.
        name: `auto`, or the name of a backend.
        noise: The kinds of noise that the layer will have.

    Raises:
        ConfigError: The name is unknown, or that backend does not support the cell or the noise.
    """
    by_name = {backend.name: backend for backend in BACKENDS}
    if name == "auto":
        able = [backend for backend in BACKENDS if backend.can_run(cell, noise)]
        backend = next((backend for backend in able if backend.is_worthwhile(cell)), able[0])
    elif name not in by_name:
        raise ConfigError(
            f"training.backend {name!r} is unknown.", help=did_you_mean(name, ["auto", *by_name])
        )
    elif not by_name[name].supports(cell):
        raise ConfigError(
            f"the backend {name!r} does not support {type(cell).__name__} with these settings.",
            help="Use --set training.backend=auto.",
        )
    elif not noise <= by_name[name].noise:
        lacking = ", ".join(sorted(noise - by_name[name].noise))
        raise ConfigError(
            f"the backend {name!r} does not support {lacking}.",
            help="Use --set training.backend=auto.",
        )
    else:
        backend = by_name[name]
    _logger.info("%s runs on the backend %s", type(cell).__name__, backend.name)
    return backend


def lacks_kernels(cell: AnyCell, *, noise: frozenset[NoiseKind] = frozenset()) -> bool:
    """Return whether a cell would run on the backend `native` if the kernels were installed.

    Args:
        cell: The cell, on the device where it will run.
        noise: The kinds of noise that the layer will have.
    """
    return native.is_missed(cell) and noise <= native.NOISE
