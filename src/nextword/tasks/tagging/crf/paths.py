"""The best label sequences: Viterbi and list Viterbi. Knows nothing of probabilities."""

from typing import NamedTuple

import torch
from torch import Tensor

from nextword.tasks.tagging.crf.chain import Chain


class Paths(NamedTuple):
    """The best label sequences of each row, best first, in the order of the chain.

    Attributes:
        scores: (batch, n), minus infinity where a row has fewer than n sequences.
        label_ids: (time, batch, n); 0 after the last position of a row.
    """

    scores: Tensor
    label_ids: Tensor


def viterbi(chain: Chain) -> Paths:
    """Find the label sequence of the highest score of each row."""
    best = torch.empty_like(chain.emissions)
    transposed = chain.transitions.T.contiguous()
    previous = chain.starts.expand_as(best[0])
    is_first = True
    for target, emission in zip(*map(chain.active, (best, chain.emissions)), strict=True):
        if not is_first:
            # The axes are (batch, label, label before): the maximum is over contiguous values.
            previous = (previous[: len(target), None] + transposed).amax(2)
        is_first = False
        previous = torch.add(previous, emission, out=target)
    scores, last = (chain.last(best) + chain.ends).max(-1)
    return Paths(scores[:, None], _trace(chain, best, transposed=transposed, last=last)[..., None])


def _trace(chain: Chain, best: Tensor, *, transposed: Tensor, last: Tensor) -> Tensor:
    """Follow the best labels from the last position of each row to the first."""
    label_ids = torch.zeros(best.shape[:2], dtype=torch.int64, device=best.device)
    label_ids[chain.lengths - 1, torch.arange(len(last), device=best.device)] = last
    later = label_ids[0, :0]
    for target, scores in reversed(
        list(zip(*map(chain.active, (label_ids, best)), strict=True)),
    ):
        count = len(later)
        target[:count] = (scores[:count] + transposed[later]).argmax(1)
        later = target
    return label_ids


def list_viterbi(chain: Chain, n: int) -> Paths:
    """Find the n label sequences of the highest scores of each row.

    The n best sequences that end in a label at a position extend sequences that are among the n
    best of a label at the position before: the result is exact.

    Source: [seshadri1994].
    """
    num_steps, batch_size, num_labels = chain.emissions.shape
    shape = (batch_size, num_labels, n)
    best = chain.emissions.new_full((num_steps, *shape), -torch.inf)
    pointers = torch.zeros((num_steps, *shape), dtype=torch.int64, device=best.device)
    best[0, :, :, 0] = chain.starts + chain.emissions[0]
    # The axes are (label, label before, rank of the sequence before).
    transposed = chain.transitions.T[..., None]
    views = list(zip(*map(chain.active, (best, pointers, chain.emissions)), strict=True))
    previous = best[0]
    for target, pointer, emission in views[1:]:
        candidates = (previous[: len(target), None] + transposed).flatten(2)
        values, pointer[:] = candidates.topk(n)
        previous = torch.add(values, emission[..., None], out=target)
    scores, last = (chain.last(best) + chain.ends[:, None]).flatten(1).topk(n)
    return Paths(scores, _trace_pointers(chain, pointers, last=last))


def _trace_pointers(chain: Chain, pointers: Tensor, *, last: Tensor) -> Tensor:
    """Follow pointers; a state is the id of a label times n plus a rank."""
    n = pointers.shape[-1]
    states = torch.zeros((*pointers.shape[:2], n), dtype=torch.int64, device=pointers.device)
    states[chain.lengths - 1, torch.arange(len(last), device=states.device)] = last
    later, pointer = states[0, :0], pointers[0, :0]
    for target, own in reversed(
        list(zip(*map(chain.active, (states, pointers)), strict=True)),
    ):
        target[: len(later)] = pointer.flatten(1).gather(1, later)
        later, pointer = target, own
    return states // n
