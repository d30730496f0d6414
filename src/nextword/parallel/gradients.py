"""The sum of the gradients of several processes.

Dense gradients are summed in buckets. Sparse gradients, of which each process has other rows, are
concatenated: the sum of their duplicate rows is the sum of the gradients.
"""

from collections.abc import Iterable, Iterator, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn

#: Number of values that are sent at once; a bucket of float32 takes 32 MiB.
_BUCKET_SIZE = 2**23
_NONE, _DENSE, _SPARSE = range(3)


@torch.no_grad()
def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by the sum over the processes of the default process group.

    Args:
        parameters: The parameters, in the same order in all processes.
    """
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    kinds = torch.tensor([_kind(parameter) for parameter in trained], dtype=torch.int64)
    dist.all_reduce(kinds, op=dist.ReduceOp.MAX)
    dense = []
    for parameter, kind in zip(trained, kinds.tolist(), strict=True):
        if kind == _SPARSE:
            parameter.grad = _sum_sparse(parameter)
        elif kind == _DENSE:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            dense.append(parameter.grad)
    for bucket in _buckets(dense):
        _sum_dense(bucket)


def _kind(parameter: nn.Parameter) -> int:
    if parameter.grad is None:
        return _NONE
    return _SPARSE if parameter.grad.is_sparse else _DENSE


def _buckets(gradients: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Group gradients of the same dtype and device."""
    bucket: list[Tensor] = []
    size = 0
    for gradient in gradients:
        fits = bucket and (bucket[0].dtype, bucket[0].device) == (gradient.dtype, gradient.device)
        if bucket and (not fits or size + gradient.numel() > _BUCKET_SIZE):
            yield bucket
            bucket, size = [], 0
        bucket.append(gradient)
        size += gradient.numel()
    if bucket:
        yield bucket


def _sum_dense(gradients: Sequence[Tensor]) -> None:
    if len(gradients) == 1 and gradients[0].is_contiguous():
        dist.all_reduce(gradients[0])
        return
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(flat)
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def _sum_sparse(parameter: nn.Parameter) -> Tensor:
    """Return a sparse gradient with the rows of all processes, in the order of their ranks."""
    own = parameter.grad
    num_axes = 1 if own is None else own.sparse_dim()
    if own is None:
        indices = torch.zeros(num_axes, 0, dtype=torch.int64, device=parameter.device)
        values = torch.zeros(0, *parameter.shape[num_axes:]).to(parameter)
    else:
        indices, values = own._indices(), own._values()
    counts = [torch.zeros(1, dtype=torch.int64) for _ in range(dist.get_world_size())]
    dist.all_gather(counts, torch.tensor([indices.shape[1]]))
    numbers = [int(count) for count in counts]
    return torch.sparse_coo_tensor(
        torch.cat(_gathered(indices.t().contiguous(), numbers)).t(),
        torch.cat(_gathered(values, numbers)),
        parameter.shape,
        check_invariants=False,
    )


def _gathered(rows: Tensor, numbers: Sequence[int]) -> list[Tensor]:
    """Return the rows of each process; for sending, they are padded to the same number."""
    padded = rows.new_zeros(max(numbers), *rows.shape[1:])
    padded[: len(rows)] = rows
    received = [torch.empty_like(padded) for _ in numbers]
    dist.all_gather(received, padded)
    return [part[:number] for part, number in zip(received, numbers, strict=True)]
