"""The state of a model after reading tokens: one immutable container for every family.

For an n-gram model it contains the last tokens, for a recurrent network the hidden states, for a
Transformer the keys and values. Methods return a new State, so a state can be stored, forked and
serialized. Truncated backpropagation, beam search and sessions build on it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Int64
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from nextword.base import FormatError, MismatchError, ShapeError
from nextword.pages import preformatted
from nextword.tensors import Rows

_NUM_TOKENS = "num_tokens"
_HEADER_LENGTH_BYTES = 8


@dataclass(frozen=True, kw_only=True)
class State:
    """The state of a model for a batch of rows.

    Attributes:
        tensors: Tensors by name, each (batch, ...).
        initial: The same tensors for one row that has read nothing, each (...).
        num_tokens: Number of tokens that each row has read, (batch).
        fingerprint: Returns the fingerprint of the model; called only for serialization.
    """

    tensors: Mapping[str, Tensor]
    initial: Mapping[str, Tensor]
    num_tokens: Int64[Tensor, " batch"]
    fingerprint: Callable[[], str]

    @classmethod
    def fresh(
        cls, initial: Mapping[str, Tensor], *, batch_size: int, fingerprint: Callable[[], str]
    ) -> "State":
        """Return the state of `batch_size` rows that have read nothing.

        Args:
            initial: Tensors of one row, by name, each (...).
            batch_size: Number of rows.
            fingerprint: Returns the fingerprint of the model.
        """
        device = next(iter(initial.values())).device
        return cls(
            tensors={
                name: row.expand(batch_size, *row.shape).clone() for name, row in initial.items()
            },
            initial=initial,
            num_tokens=torch.zeros(batch_size, dtype=torch.int64, device=device),
            fingerprint=fingerprint,
        )

    def __repr__(self) -> str:
        """Number of rows, tokens read by each, and sizes of the tensors; not their values."""
        sizes = ", ".join(f"{name} {tuple(each.shape)}" for name, each in self.tensors.items())
        read = self.num_tokens.tolist()
        return f"State(batch_size={self.batch_size}, num_tokens={read}, tensors: {sizes})"

    def _repr_html_(self) -> str:
        return preformatted(repr(self))

    @property
    def batch_size(self) -> int:
        """Number of rows."""
        return len(self.num_tokens)

    def after(self, tensors: Mapping[str, Tensor], *, num_new_tokens: Tensor | int) -> "State":
        """Return the state after reading tokens.

        Args:
            tensors: The new tensors by name, each (batch, ...).
            num_new_tokens: Number of tokens read, a number or (batch).
        """
        return replace(self, tensors=tensors, num_tokens=self.num_tokens + num_new_tokens)

    def select(self, rows: Rows) -> "State":
        """Return the rows with these indices, in this order; indices may repeat."""
        rows = rows.to(self.num_tokens.device)
        return self._map(lambda tensor: tensor.index_select(0, rows))

    def reset(self, rows: Bool[Tensor, " batch"] | Rows) -> "State":
        """Return a state in which these rows are reset to the initial state.

        Args:
            rows: A mask, (batch), or indices.
        """
        mask = self._row_mask(rows)
        if not mask.any():
            return self
        tensors = {
            name: torch.where(_column(mask, tensor), self.initial[name].to(tensor.dtype), tensor)
            for name, tensor in self.tensors.items()
        }
        return replace(self, tensors=tensors, num_tokens=self.num_tokens.masked_fill(mask, 0))

    def concatenate(self, others: Sequence["State"]) -> "State":
        """Return a state with the rows of this one, then those of the others.

        Raises:
            ShapeError: The states have different tensors.
        """
        for other in others:
            if other.tensors.keys() != self.tensors.keys():
                raise ShapeError(
                    f"cannot concatenate states with the tensors {sorted(self.tensors)} and "
                    f"{sorted(other.tensors)}; they belong to different models."
                )
        states = [self, *others]
        tensors = {name: torch.cat([s.tensors[name] for s in states]) for name in self.tensors}
        return replace(self, tensors=tensors, num_tokens=torch.cat([s.num_tokens for s in states]))

    def detach(self) -> "State":
        """Return the state detached from the graph, which stops backpropagation."""
        return self._map(Tensor.detach)

    def to(self, device: torch.device | str) -> "State":
        """Return the state on a device."""
        moved = self._map(lambda tensor: tensor.to(device))
        return replace(moved, initial={name: row.to(device) for name, row in self.initial.items()})

    def to_bytes(self) -> bytes:
        """Serialize the state and the model's fingerprint; see `LanguageModel.state_from_bytes`."""
        tensors = {name: value.detach().cpu().contiguous() for name, value in self.tensors.items()}
        tensors[_NUM_TOKENS] = self.num_tokens.cpu()
        return save_tensors(tensors, metadata={"fingerprint": self.fingerprint()})

    def _map(self, change: Callable[[Tensor], Tensor]) -> "State":
        tensors = {name: change(tensor) for name, tensor in self.tensors.items()}
        return replace(self, tensors=tensors, num_tokens=change(self.num_tokens))

    def _row_mask(self, rows: Tensor) -> Tensor:
        rows = rows.to(self.num_tokens.device)
        if rows.dtype == torch.bool:
            return rows
        mask = torch.zeros_like(self.num_tokens, dtype=torch.bool)
        mask[rows] = True
        return mask


def state_from_bytes(data: bytes, template: State) -> State:
    """Deserialize a state.

    Args:
        data: The result of `State.to_bytes`.
        template: An initial state of the model.

    Raises:
        FormatError: The bytes are damaged.
        MismatchError: The state belongs to another model.
    """
    tensors, fingerprint = _parsed(data)
    if fingerprint != template.fingerprint():
        raise MismatchError(
            f"the state belongs to model {fingerprint[:12]}, but this model is "
            f"{template.fingerprint()[:12]}.",
            help="Read the text again with this model.",
        )
    num_tokens = _checked(tensors, template)
    return replace(template, tensors=tensors, num_tokens=num_tokens).to(template.num_tokens.device)


def _parsed(data: bytes) -> tuple[dict[str, Tensor], str]:
    """Return the named tensors and the model's fingerprint of a serialized state."""
    try:
        length = int.from_bytes(data[:_HEADER_LENGTH_BYTES], "little")
        header = json.loads(data[_HEADER_LENGTH_BYTES : _HEADER_LENGTH_BYTES + length])
        return load_tensors(data), str(header["__metadata__"]["fingerprint"])
    except Exception as error:
        reason = f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else f"{error}"
        raise _damaged(reason or type(error).__name__) from error


def _checked(tensors: dict[str, Tensor], template: State) -> Int64[Tensor, " batch"]:
    """Pop the token counts from the tensors, and check that the tensors match the template."""
    num_tokens = tensors.pop(_NUM_TOKENS, None)
    if num_tokens is None or num_tokens.ndim != 1 or num_tokens.dtype != torch.int64:
        raise _damaged(f"it has no {_NUM_TOKENS} with one integer per row")
    if bool((num_tokens < 0).any()):
        raise _damaged(f"{_NUM_TOKENS} is {int(num_tokens.min())}, below 0")
    if tensors.keys() != template.tensors.keys():
        raise _damaged(f"it has {sorted(tensors)}, not {sorted(template.tensors)}")
    for name, tensor in tensors.items():
        expected = template.tensors[name]
        if tensor.dtype.is_floating_point != expected.dtype.is_floating_point:
            raise _damaged(f"{name} has dtype {tensor.dtype}, not {expected.dtype}")
        shape = (len(num_tokens), *expected.shape[1:])
        if tensor.shape != shape:
            raise _damaged(f"{name} has shape {tuple(tensor.shape)}, not {shape}")
    return num_tokens


def _damaged(reason: str) -> FormatError:
    return FormatError(
        f"the state is damaged: {reason}.", help="Read the text again to get a new state."
    )


def _column(mask: Tensor, tensor: Tensor) -> Tensor:
    """Reshape a row mask to broadcast over (batch, ...)."""
    return mask.view(-1, *[1] * (tensor.ndim - 1))
