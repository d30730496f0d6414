"""Features of words from their characters: a convolution, or a bidirectional LSTM."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.cells import LstmCell
from nextword.layers import Dropout
from nextword.recurrent import BidirectionalStack

_WIDTHS = (2, 3, 4)
_INITIAL_RANGE = 0.25
_DROPOUT = 0.1


class CharacterCnn(nn.Module):
    """Convolutions over the characters of a word, and the maximum over the positions.

    The filters are 2, 3 and 4 characters wide.

    Args:
        num_characters: Number of character ids.
        embedding_size: Size of the character embeddings.
        num_filters: Number of filters of all widths together.

    Source: [kim2016], [ma2016].
    """

    def __init__(self, num_characters: int, *, embedding_size: int, num_filters: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.empty(num_characters, embedding_size))
        nn.init.uniform_(self.embedding, -_INITIAL_RANGE, _INITIAL_RANGE)
        shares = [num_filters // len(_WIDTHS)] * (len(_WIDTHS) - 1)
        self._shares = (*shares, num_filters - sum(shares))
        rows = sum(width * share for width, share in zip(_WIDTHS, self._shares, strict=True))
        self.weight = nn.Parameter(torch.empty(rows, embedding_size))
        bound = (sum(_WIDTHS) / len(_WIDTHS) * embedding_size) ** -0.5
        nn.init.uniform_(self.weight, -bound, bound)
        self.bias = nn.Parameter(torch.zeros(num_filters))
        self.output_size = num_filters
        self.dropout = Dropout(_DROPOUT)

    def forward(
        self,
        character_ids: Int64[Tensor, "words characters"],
        lengths: Int64[Tensor, " words"],
    ) -> Float[Tensor, "words features"]:
        """Return the features of each word.

        Args:
            character_ids: Ids of the characters of each word, with marks of its beginning and its
                end, (words, characters).
            lengths: Number of ids of each word, (words).

        Returns:
            (words, num_filters); 0 or more.
        """
        steps = torch.arange(character_ids.shape[1], device=lengths.device)
        embedded = self.dropout(nn.functional.embedding(character_ids, self.embedding))
        embedded = embedded * (steps < lengths[:, None])[:, :, None]
        # One product for all filters and offsets; a filter is the sum of its shifted parts. The
        # scores of padding are 0, so the maximum is at least 0 for every word.
        products = nn.functional.linear(embedded, self.weight)
        sizes = [s for w, s in zip(_WIDTHS, self._shares, strict=True) for _ in range(w)]
        parts = list(torch.split(products, sizes, dim=2))
        features = []
        for width in _WIDTHS:
            shifted = [
                nn.functional.pad(parts.pop(0), (0, 0, offset, width - 1 - offset))
                for offset in range(width)
            ]
            features.append(torch.stack(shifted).sum(0).amax(1).clamp_min(0.0))
        return (torch.cat(features, dim=1) + self.bias).relu()


class CharacterBiLstm(nn.Module):
    """A bidirectional LSTM over the characters of a word; its final states are the features.

    Args:
        num_characters: Number of character ids.
        embedding_size: Size of the character embeddings.
        hidden_size: Size of the hidden state of each direction.
        backend: Implementation of the LSTM; see `training.backend`.

    Source: [lample2016].
    """

    def __init__(
        self, num_characters: int, *, embedding_size: int, hidden_size: int, backend: str = "auto"
    ) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.empty(num_characters, embedding_size))
        nn.init.uniform_(self.embedding, -_INITIAL_RANGE, _INITIAL_RANGE)
        self.core = BidirectionalStack(
            [LstmCell(embedding_size, hidden_size)],
            [LstmCell(embedding_size, hidden_size)],
            backend=backend,
        )
        self.output_size = 2 * hidden_size
        self.dropout = Dropout(_DROPOUT)

    def forward(
        self,
        character_ids: Int64[Tensor, "words characters"],
        lengths: Int64[Tensor, " words"],
    ) -> Float[Tensor, "words features"]:
        """Return the features of each word; arguments as for `CharacterCnn`.

        Returns:
            (words, 2 * hidden_size).
        """
        embedded = self.dropout(nn.functional.embedding(character_ids, self.embedding))
        _, ((ahead, back),) = self.core(embedded, lengths)
        return torch.cat([ahead[0], back[0]], dim=1)
