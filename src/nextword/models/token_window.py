"""The state of a model with a fixed window of tokens: their ids."""

from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

from nextword.models.state import State
from nextword.tensors import Lengths, TokenIds

#: The id at positions before the first token of a text.
NO_TOKEN = -1

_CONTEXT = "context"


@dataclass(frozen=True, kw_only=True)
class TokenWindow:
    """Stores in a State the ids that the window of the next token needs.

    Attributes:
        size: Number of tokens in a window; size - 1 ids are stored.
    """

    size: int

    def initial(self, *, device: torch.device) -> dict[str, Tensor]:
        """Return the state tensors of a row that has read nothing."""
        return {_CONTEXT: torch.full((self.size - 1,), NO_TOKEN, dtype=torch.int64, device=device)}

    def join(self, token_ids: TokenIds, state: State) -> Int64[Tensor, "batch places"]:
        """Return the stored ids followed by the new ones, (batch, size - 1 + time)."""
        return torch.cat([state.tensors[_CONTEXT], token_ids], dim=1)

    def after(
        self, places: Int64[Tensor, "batch places"], state: State, *, lengths: Lengths | None
    ) -> State:
        """Return the state after reading.

        Args:
            places: The result of `join`.
            state: The state before.
            lengths: Number of valid new ids in each row, (batch); all when None.
        """
        num_new_tokens = places.shape[1] - (self.size - 1) if lengths is None else lengths
        return state.after(self.kept(places, lengths), num_new_tokens=num_new_tokens)

    def kept(
        self, places: Int64[Tensor, "batch places"], lengths: Lengths | None
    ) -> dict[str, Tensor]:
        """Return the state tensors after reading; takes the arguments of `after`."""
        num_kept = self.size - 1
        if lengths is None:
            return {_CONTEXT: places[:, places.shape[1] - num_kept :]}
        columns = lengths[:, None] + torch.arange(num_kept, device=places.device)
        return {_CONTEXT: places.gather(1, columns)}
