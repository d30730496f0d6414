"""The layers of a tagger or a text classifier for transformers.

nextword writes a copy of this file beside the weights.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .configuration_nextword_task import NextwordTaskConfig

_WIDTHS = (2, 3, 4)


class CharacterCnn(nn.Module):
    """Convolutions of width 2, 3 and 4 over the characters of a word, and their maximum."""

    def __init__(self, config: NextwordTaskConfig) -> None:
        super().__init__()
        size, number = config.character_embedding_size, config.character_hidden_size
        self.embedding = nn.Embedding(config.num_characters, size, padding_idx=0)
        self.filters: Any = nn.ModuleList(
            nn.Conv1d(size, share, width, padding=width - 1, bias=False)
            for width, share in filter_shares(number)
        )
        self.bias = nn.Parameter(torch.zeros(number))

    def forward(self, character_ids: Tensor) -> Tensor:
        """Return the features of words, (words, features), from (words, characters)."""
        embedded = self.embedding(character_ids).transpose(1, 2)
        found = [each(embedded).amax(2).clamp_min(0.0) for each in self.filters]
        return (torch.cat(found, dim=1) + self.bias).relu()


class CharacterBiLstm(nn.Module):
    """A bidirectional LSTM over the characters of a word; its final states are the features."""

    def __init__(self, config: NextwordTaskConfig) -> None:
        super().__init__()
        size = config.character_embedding_size
        self.embedding = nn.Embedding(config.num_characters, size, padding_idx=0)
        self.lstm = nn.LSTM(
            size, config.character_hidden_size, batch_first=True, bidirectional=True
        )

    def forward(self, character_ids: Tensor) -> Tensor:
        """Return the features of words, (words, features), from (words, characters)."""
        lengths = (character_ids > 0).sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(
            self.embedding(character_ids), lengths, batch_first=True, enforce_sorted=False
        )
        _, (final, _) = self.lstm(packed)
        return torch.cat([final[0], final[1]], dim=1)


class Pooling(nn.Module):
    """From one vector for each word to one vector for the text; no words give zeros."""

    def __init__(self, config: NextwordTaskConfig) -> None:
        super().__init__()
        size = config.output_size
        self.kind = config.pooling
        self.forward_size = size // 2 if config.bidirectional else size
        if self.kind == "attention":
            self.scorer: Any = nn.Sequential(
                nn.Linear(size, size), nn.Tanh(), nn.Linear(size, 1, bias=False)
            )

    def forward(self, outputs: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, size) from (batch, time, size)."""
        lowest = torch.finfo(outputs.dtype).min
        mask = is_word(outputs, lengths)
        has_words = (lengths > 0)[:, None]
        if self.kind == "last":
            places = (lengths - 1).clamp(min=0)[:, None, None].expand(-1, 1, outputs.shape[2])
            last = outputs.gather(1, places).squeeze(1)[:, : self.forward_size]
            return torch.cat([last, outputs[:, 0, self.forward_size :]], dim=1) * has_words
        if self.kind == "max":
            return outputs.masked_fill(~mask[:, :, None], lowest).amax(1) * has_words
        if self.kind == "attention":
            scores = self.scorer(outputs).squeeze(2).masked_fill(~mask, lowest)
            weights = scores.softmax(1) * mask
        else:
            weights = mask / lengths.clamp(min=1)[:, None]
        return torch.einsum("bt,bts->bs", weights.to(outputs.dtype), outputs)


def filter_shares(number: int) -> list[tuple[int, int]]:
    """Return the width and the number of the filters of each width, for `number` of them."""
    shares = [number // len(_WIDTHS)] * (len(_WIDTHS) - 1)
    shares.append(number - sum(shares))
    return [pair for pair in zip(_WIDTHS, shares, strict=True) if pair[1]]


def character_layer(config: NextwordTaskConfig) -> nn.Module | None:
    """Return the layer of the character features; None if there are none."""
    layers: dict[str, Any] = {"cnn": CharacterCnn, "bilstm": CharacterBiLstm}
    return layers[config.characters](config) if config.characters != "none" else None


def recurrent_layer(config: NextwordTaskConfig, depth: int) -> nn.RNNBase:
    """Return one recurrent layer, in one or both directions."""
    sizes = (config.output_size if depth else config.input_size, config.hidden_size)
    settings: Any = {"batch_first": True, "bidirectional": config.bidirectional}
    if config.cell == "lstm":
        return nn.LSTM(*sizes, proj_size=config.projection_size, **settings)
    if config.cell == "gru":
        return nn.GRU(*sizes, **settings)
    if config.cell == "elman":
        return nn.RNN(*sizes, nonlinearity=config.nonlinearity, **settings)
    raise ValueError(f"cell is {config.cell!r}; it must be 'lstm', 'gru' or 'elman'")


def run_layer(layer: nn.RNNBase, inputs: Tensor, *, lengths: Tensor) -> Tensor:
    """Return the outputs of a layer, (batch, time, size); 0 after the last word of a row.

    Args:
        layer: The layer.
        inputs: The words of each row first, (batch, time, size).
        lengths: Number of words of each row, (batch).
    """
    packed = pack_padded_sequence(
        inputs, lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False
    )
    packed, _ = layer(packed)
    outputs, _ = pad_packed_sequence(packed, batch_first=True, total_length=inputs.shape[1])
    # Packed sequences are never empty.
    return outputs * (lengths > 0)[:, None, None]


def is_word(vectors: Tensor, lengths: Tensor) -> Tensor:
    """Return whether each position is before the end of its row, (batch, time)."""
    return torch.arange(vectors.shape[1], device=vectors.device) < lengths[:, None]


def words_first(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the order that puts the words of each row before its padding, and its inverse."""
    order = mask.int().argsort(dim=1, descending=True, stable=True)
    return order, order.argsort(dim=1)


def reordered(values: Tensor, order: Tensor) -> Tensor:
    """Return the positions of each row in another order; values are (batch, time, ...)."""
    index = order.view(*order.shape, *[1] * (values.ndim - 2)).expand_as(values)
    return values.gather(1, index)
