"""The outputs of the last layer during a forward pass, for the penalties on activations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from nextword.families import RecurrentLanguageModel
from nextword.tensors import Hidden


@contextmanager
def recorded_outputs(model: nn.Module) -> Iterator[list[tuple[Hidden, Hidden]]]:
    """Record the outputs of the last layer in every forward pass inside the block.

    Args:
        model: A model that contains a recurrent network.

    Yields:
        A list to which each forward pass appends the outputs before and after dropout, each
        (batch, time, hidden_size).
    """
    recorded: list[tuple[Hidden, Hidden]] = []

    def record(module: nn.Module, inputs: tuple[Any, ...], output: Hidden) -> None:
        recorded.append((inputs[0], output))

    networks = [each for each in model.modules() if isinstance(each, RecurrentLanguageModel)]
    handles = [each.output_dropout.register_forward_hook(record) for each in networks]
    try:
        yield recorded
    finally:
        for handle in handles:
            handle.remove()
