"""Word embeddings: random or pretrained, with rare words replaced by `<unk>` in training."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.layers import WordVectors
from nextword.tasks.encoding.vocabulary import UNKNOWN_ID, TokenVocabulary


class WordEmbedding(nn.Module):
    """A table with one vector for each word of the vocabulary.

    Args:
        vocabulary: The words; those with one occurrence are the rare ones.
        size: Size of a vector.
        unknown_probability: Probability in training that a rare word is replaced by `<unk>`, which
            trains the vector of unknown words.

    Source: replacing rare words at random as in [lample2016].
    """

    def __init__(
        self, vocabulary: TokenVocabulary, size: int, *, unknown_probability: float
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocabulary.num_words, size))
        bound = (3.0 / size) ** 0.5  # unit length on average
        nn.init.uniform_(self.weight, -bound, bound)
        self.unknown_probability = unknown_probability
        self._rare = (vocabulary.num_frequent + 1, vocabulary.num_training + 1)

    @property
    def output_size(self) -> int:
        """Size of a vector."""
        return self.weight.shape[1]

    def forward(self, word_ids: Int64[Tensor, " words"]) -> Float[Tensor, "words size"]:
        """Return the vector of each word, (words, size)."""
        if self.training and self.unknown_probability > 0.0:
            is_rare = (word_ids >= self._rare[0]) & (word_ids < self._rare[1])
            draws = torch.rand(word_ids.shape, device=word_ids.device)
            word_ids = word_ids.masked_fill(
                is_rare & (draws < self.unknown_probability), UNKNOWN_ID
            )
        return nn.functional.embedding(word_ids, self.weight)

    def extra_repr(self) -> str:
        """Return the sizes of the table."""
        return f"{self.weight.shape[0]}, {self.weight.shape[1]}"

    @torch.no_grad()
    def fill(self, found: WordVectors, vocabulary: TokenVocabulary, *, freeze: bool) -> None:
        """Copy pretrained vectors into the table.

        Args:
            found: The vectors.
            vocabulary: The words of the table.
            freeze: Whether the table is not trained; then words without a vector get zeros.
        """
        ids = torch.tensor([vocabulary.word_id(word) for word in found.words])
        if freeze:
            self.weight.zero_()
            self.weight.requires_grad_(False)
        self.weight[ids] = torch.from_numpy(found.vectors).to(self.weight)
