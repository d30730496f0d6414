"""The memory of a model that sees the last few tokens: their ids."""

from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

from nextword.models.state import State
from nextword.tensors import Lengths, TokenIds

#: Stands before the first token of a text; not a token id.
NO_TOKEN = -1

_CONTEXT = "context"


@dataclass(frozen=True, kw_only=True)
class TokenWindow:
    """Keeps in a State the ids that the next token's window reaches back to.

    Attributes:
        size: Tokens in a window; one fewer are kept, for the next one to be read is the last.
    """

    size: int

    def initial(self, *, device: torch.device) -> dict[str, Tensor]:
        """Give the memory of a row that has read nothing."""
        return {_CONTEXT: torch.full((self.size - 1,), NO_TOKEN, dtype=torch.int64, device=device)}

    def join(self, token_ids: TokenIds, state: State) -> Int64[Tensor, "batch places"]:
        """Put new ids behind those kept, (batch, size - 1 + time)."""
        return torch.cat([state.tensors[_CONTEXT], token_ids], dim=1)

    def after(
        self, places: Int64[Tensor, "batch places"], state: State, lengths: Lengths | None
    ) -> State:
        """Give the state after reading.

        Args:
            places: What `join` gave.
            state: What was read before.
            lengths: New ids that count in each row, (batch); all when None.
        """
        num_new_tokens = places.shape[1] - (self.size - 1) if lengths is None else lengths
        return state.after(self.kept(places, lengths), num_new_tokens=num_new_tokens)

    def kept(
        self, places: Int64[Tensor, "batch places"], lengths: Lengths | None
    ) -> dict[str, Tensor]:
        """Give the memory after reading; takes what `after` does."""
        num_kept = self.size - 1
        if lengths is None:
            return {_CONTEXT: places[:, places.shape[1] - num_kept :]}
        columns = lengths[:, None] + torch.arange(num_kept, device=places.device)
        return {_CONTEXT: places.gather(1, columns)}
