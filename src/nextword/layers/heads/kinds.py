"""The registry of output heads by their name in `output.kind`."""

from nextword.base import Registry
from nextword.layers.heads.adaptive import AdaptiveSoftmax
from nextword.layers.heads.chunked import ChunkedSoftmax
from nextword.layers.heads.contract import OutputFactory
from nextword.layers.heads.full import FullSoftmax
from nextword.layers.heads.sampled import SampledSoftmax

#: The factory of each kind.
OUTPUTS: Registry[OutputFactory] = Registry(
    {
        "full": FullSoftmax,
        "chunked": ChunkedSoftmax,
        "adaptive": AdaptiveSoftmax,
        "sampled": SampledSoftmax,
    },
    setting="kind",
    register="nextword.register_output",
    reserved=("auto",),
)


def register_output(name: str, factory: OutputFactory, *, replace: bool = False) -> None:
    """Register an output head, so that `output.kind` accepts its name in every neural family.

    A saved model stores only the name, so a program that loads it must register the head first.

    Args:
        name: Its name in `output.kind`.
        factory: Builds the head; see `OutputFactory`. A class with the arguments of `FullSoftmax`
            is one.
        replace: Whether to replace a head registered under this name before.

    Raises:
        ConfigError: The name is taken.
    """
    OUTPUTS.add(name, factory, replace=replace)
