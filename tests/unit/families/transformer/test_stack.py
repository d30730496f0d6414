"""Layers over a text: whole, in chunks and token by token, and how far back they see."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nextword.base import ConfigError
from nextword.families.transformer import StackMemory, TransformerStack
from nextword.tensors import Lengths

HIDDEN_SIZE = 6
NUM_STEPS = 23


def stack_of(
    kind: type[TransformerStack] = TransformerStack,
    *,
    num_layers: int = 3,
    context_size: int = 4,
) -> TransformerStack:
    torch.manual_seed(0)
    stack = kind(
        HIDDEN_SIZE,
        num_layers=num_layers,
        num_heads=2,
        context_size=context_size,
        feedforward_size=7,
    ).double()
    for parameter in stack.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return stack


def vectors(batch_size: int = 2, num_steps: int = NUM_STEPS) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch_size, num_steps, HIDDEN_SIZE, dtype=torch.float64, generator=generator)


def read(stack: TransformerStack, inputs: Tensor, sizes: list[int]) -> tuple[Tensor, StackMemory]:
    """Read in chunks of these sizes."""
    memory, pieces, num_before = stack.initial_memory(len(inputs)), [], 0
    for chunk in inputs.split(sizes, dim=1):
        counts = torch.full((len(inputs),), num_before)
        hidden, memory = stack(chunk, memory, num_before=counts)
        pieces.append(hidden)
        num_before += chunk.shape[1]
    return torch.cat(pieces, dim=1), memory


def chunk_difference(stack: TransformerStack) -> float:
    """How differently a text reads whole, in chunks and step by step."""
    inputs = vectors()
    whole, memory = read(stack, inputs, [NUM_STEPS])
    figures = []
    for sizes in ([1] * NUM_STEPS, [5, 1, NUM_STEPS - 6], [0, 20, 3]):
        pieces, other = read(stack, inputs, sizes)
        figures.append((pieces - whole).abs().max())
        for ours, theirs in zip(other, memory, strict=True):
            figures += [(a - b).abs().max() for a, b in zip(ours, theirs, strict=True) if a.numel()]
    return float(torch.stack(figures).detach().max())


@pytest.mark.parametrize("context_size", [1, 2, 4, 7, 40])
def test_stack_reads_the_same_whole_in_chunks_and_by_steps(context_size: int) -> None:
    assert chunk_difference(stack_of(context_size=context_size)) < 1e-12


class ForgetsTooEarly(TransformerStack):
    """Planted fault: the oldest place of the memory is lost."""

    def _last(self, places: Tensor, num_steps: int, lengths: Lengths | None) -> Tensor:
        kept = super()._last(places, num_steps, lengths).clone()
        kept[:, 0] = 0.0
        return kept


class KeepsTheOldest(TransformerStack):
    """Planted fault: the window of the memory does not move."""

    def _last(self, places: Tensor, num_steps: int, lengths: Lengths | None) -> Tensor:
        return places[:, : self.context_size - 1]


@pytest.mark.parametrize("fault", [ForgetsTooEarly, KeepsTheOldest])
def test_stack_planted_fault_in_the_memory_is_seen(fault: type[TransformerStack]) -> None:
    assert chunk_difference(stack_of(fault)) > 1e-3


@pytest.mark.parametrize(("num_layers", "context_size"), [(1, 1), (1, 4), (3, 4), (2, 3)])
def test_stack_sees_as_far_as_its_layers_reach_and_no_further(
    num_layers: int, context_size: int
) -> None:
    stack = stack_of(num_layers=num_layers, context_size=context_size)
    inputs = vectors(batch_size=1).requires_grad_()
    position = 15

    hidden, _ = read(stack, inputs, [NUM_STEPS])
    (gradient,) = torch.autograd.grad(hidden[0, position].square().sum(), inputs)

    seen = (gradient[0].abs().sum(1) > 0).nonzero().squeeze(1).tolist()
    reach = num_layers * (context_size - 1)
    assert seen == list(range(position - reach, position + 1))


def test_stack_ragged_rows_read_as_if_alone() -> None:
    stack, inputs = stack_of(), vectors(batch_size=3)
    lengths, start = torch.tensor([NUM_STEPS, 9, 0]), read(stack, vectors(3, 5), [5])[1]

    together, memory = stack(inputs, start, num_before=torch.tensor([5, 5, 5]), lengths=lengths)

    for row, length in enumerate(lengths.tolist()):
        rows = slice(row, row + 1)
        alone, left = stack(
            inputs[rows, :length],
            tuple(type(layer)(*(part[rows] for part in layer)) for layer in start),
            num_before=torch.tensor([5]),
        )
        torch.testing.assert_close(together[rows, :length], alone, rtol=0, atol=1e-12)
        for ours, theirs in zip(memory, left, strict=True):
            torch.testing.assert_close(ours.keys[rows], theirs.keys, rtol=0, atol=1e-12)
            torch.testing.assert_close(ours.values[rows], theirs.values, rtol=0, atol=1e-12)


def test_stack_has_the_right_gradients() -> None:
    stack = stack_of(num_layers=2, context_size=3)
    parameters = list(stack.parameters())

    def run(inputs: Tensor, *_: Tensor) -> Tensor:
        return read(stack, inputs, [2, 3])[0]

    assert torch.autograd.gradcheck(
        run, [vectors(1, 5).requires_grad_(), *parameters], fast_mode=True
    )


def test_stack_of_new_weights_keeps_the_size_of_what_it_reads() -> None:
    torch.manual_seed(0)
    stack = TransformerStack(64, num_layers=8, num_heads=4, context_size=8, feedforward_size=256)

    added = [weight.std() for layer in stack.layers for weight in layer.last_weights]

    assert float(torch.stack(added).detach().max()) < 0.6 * 64**-0.5 / 4**0.5


def test_stack_memory_stays_in_the_type_of_the_weights_under_autocast() -> None:
    stack = stack_of().float()

    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, memory = stack(
            vectors().float(), stack.initial_memory(2), num_before=torch.tensor([0, 0])
        )

    assert {part.dtype for layer in memory for part in layer} == {torch.float32}


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "heads": (
        lambda: TransformerStack(6, num_layers=1, num_heads=4, context_size=3, feedforward_size=5),
        r"model\.hidden_size is 6, which is not divisible by model\.num_heads, 4",
    ),
    "context": (
        lambda: TransformerStack(6, num_layers=1, num_heads=2, context_size=0, feedforward_size=5),
        r"model\.context_size is 0",
    ),
    "layers": (
        lambda: TransformerStack(6, num_layers=0, num_heads=2, context_size=3, feedforward_size=5),
        r"model\.num_layers is 0",
    ),
}


@pytest.mark.parametrize(("build", "message"), BAD.values(), ids=BAD)
def test_stack_of_sizes_that_make_no_sense_is_refused(
    build: Callable[[], object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        build()
