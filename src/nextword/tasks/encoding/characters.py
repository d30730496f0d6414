"""Features of words from their characters: a convolution, or a bidirectional LSTM."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.cells import LstmCell
from nextword.layers import Dropout
from nextword.recurrent import BidirectionalStack

_WIDTHS = (2, 3, 4)
_INITIAL_RANGE = 0.25


class CharacterCnn(nn.Module):
    """Convolutions over the characters of a word, and the maximum over the positions.

    The filters are 2, 3 and 4 characters wide. Zeros before and after the word let them recognize
    its beginning and its end.

    Args:
        num_characters: Number of character ids.
        embedding_size: Size of the character embeddings.
        num_filters: Number of filters of all widths together.
        backend: Not used; a convolution has one implementation.

    Source: [kim2016], [ma2016].
    """

    def __init__(
        self, num_characters: int, *, embedding_size: int, num_filters: int, backend: str = "auto"
    ) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.empty(num_characters, embedding_size))
        nn.init.uniform_(self.embedding, -_INITIAL_RANGE, _INITIAL_RANGE)
        shares = [num_filters // len(_WIDTHS)] * (len(_WIDTHS) - 1)
        shares.append(num_filters - sum(shares))
        self.filters = nn.ModuleList(
            nn.Linear(width * embedding_size, share)
            for width, share in zip(_WIDTHS, shares, strict=True)
            if share > 0
        )
        self.output_size = num_filters
        self.dropout = Dropout(0.1)

    def forward(
        self,
        character_ids: Int64[Tensor, "words characters"],
        lengths: Int64[Tensor, " words"],
    ) -> Float[Tensor, "words features"]:
        """Return the features of each word.

        Args:
            character_ids: Ids of the characters of each word, (words, characters).
            lengths: Number of characters of each word, (words).

        Returns:
            (words, num_filters); 0 or more.
        """
        num_characters = character_ids.shape[1]
        embedded = nn.functional.embedding(character_ids, self.embedding)
        steps = torch.arange(num_characters, device=lengths.device)
        embedded = self.dropout(embedded) * (steps < lengths[:, None])[:, :, None]
        padding = max(_WIDTHS) - 1
        padded = nn.functional.pad(embedded, (0, 0, padding, padding))
        features = []
        for filters in self.filters:
            width = filters.in_features // embedded.shape[2]
            begin = padding - (width - 1)
            num_windows = num_characters + width - 1
            span = padded[:, begin : begin + num_windows + width - 1]
            windows = span.unfold(1, width, 1).transpose(2, 3).flatten(2)
            scores = filters(windows)
            ends = lengths[:, None] + width - 1
            is_padding = torch.arange(num_windows, device=lengths.device) >= ends
            features.append(scores.masked_fill(is_padding[:, :, None], 0.0).relu().amax(1))
        return torch.cat(features, dim=1)


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
        self.dropout = Dropout(0.1)

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
