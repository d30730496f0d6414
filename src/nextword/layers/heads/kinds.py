"""Every kind of output by its name in `output.kind`, and how one from outside joins them."""

from nextword.base import Registry
from nextword.layers.heads.adaptive import AdaptiveSoftmax
from nextword.layers.heads.chunked import ChunkedSoftmax
from nextword.layers.heads.contract import OutputFactory
from nextword.layers.heads.full import FullSoftmax
from nextword.layers.heads.sampled import SampledSoftmax

#: What builds each kind.
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
    """Let `output.kind` name an output from outside, in every neural family.

    A saved model keeps the name alone. Whoever loads it registers the output first.

    Args:
        name: What `output.kind` will call it.
        factory: Builds one; see `OutputFactory`. A class that is made like `FullSoftmax` will do.
        replace: Whether an output that was registered under that name before gives way.

    Raises:
        ConfigError: The name is taken.
    """
    OUTPUTS.add(name, factory, replace=replace)
