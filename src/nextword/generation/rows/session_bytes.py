"""The serialized form of a session: the state of the model and the fields of the session."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int64
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from nextword.base import FormatError

_NAMES = ("state", "last_ids", "seen")


@dataclass(frozen=True, kw_only=True)
class SessionBytes:
    """The serialized fields of a session.

    Attributes:
        state: The serialized state of the model.
        last_ids: The last token of each row, which the state has not read, (rows).
        packed_seen: Bits of the ids that each row has read, 8 per byte, (rows, bytes).
    """

    state: bytes
    last_ids: Tensor
    packed_seen: Tensor

    @classmethod
    def of(
        cls, state: bytes, *, last_ids: Int64[Tensor, " rows"], seen: Bool[Tensor, "rows vocab"]
    ) -> "SessionBytes":
        """Return the serialized fields of a session with these values."""
        packed = torch.from_numpy(np.packbits(seen.numpy(), axis=1))
        return cls(state=state, last_ids=last_ids, packed_seen=packed)

    def pack(self) -> bytes:
        """Serialize to bytes."""
        state = torch.frombuffer(bytearray(self.state), dtype=torch.uint8)
        values = (state, self.last_ids, self.packed_seen)
        return save_tensors(dict(zip(_NAMES, values, strict=True)))

    @classmethod
    def unpack(cls, data: bytes) -> "SessionBytes":
        """Deserialize bytes that `pack` returned.

        Raises:
            FormatError: The bytes are damaged.
        """
        try:
            tensors = load_tensors(data)
            state, last_ids, packed_seen = (tensors[name] for name in _NAMES)
            state_bytes = state.numpy().tobytes()
        except Exception as error:
            raise FormatError(f"the session is damaged: {error}.") from error
        is_vector = last_ids.ndim == 1 and last_ids.dtype == torch.int64
        _require(is_vector, "its last ids are not a vector of int64")
        return cls(state=state_bytes, last_ids=last_ids, packed_seen=packed_seen)

    def seen(self, *, num_rows: int, vocab_size: int) -> Bool[Tensor, "rows vocab"]:
        """Return a mask that is True for the ids each row has read, (rows, vocab).

        Args:
            num_rows: Number of rows of the state.
            vocab_size: Number of token ids of the model.

        Raises:
            FormatError: The sizes are not those of the state or the vocabulary.
        """
        _require(len(self.last_ids) == num_rows, f"its state has {num_rows} rows")
        ids_are_known = bool(((self.last_ids >= 0) & (self.last_ids < vocab_size)).all())
        _require(ids_are_known, f"an id is outside the vocabulary of {vocab_size}")
        packed = self.packed_seen
        expected = (num_rows, (vocab_size + 7) // 8)
        _require(
            packed.dtype == torch.uint8 and packed.shape == expected,
            f"its read ids have shape {tuple(packed.shape)}, not {expected}",
        )
        bits = np.unpackbits(packed.numpy(), axis=1, count=vocab_size)
        return torch.from_numpy(bits.astype(np.bool_))


def _require(condition: bool, fault: str) -> None:
    if not condition:
        raise FormatError(f"the session is damaged: {fault}.")
