"""What tokenizers have in common. Stateless; knows nothing of how a text is split."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Integer

from nextword.base import write_bytes
from nextword.tokens.losses import count_lost
from nextword.tokens.tokenizer import Tokenizer
from nextword.tokens.vocabularies import VocabularySpec


class TokenizerMixin:
    """Methods of `Tokenizer` that need only other members of the interface. Has no state."""

    @property
    def vocabulary_spec(self: Tokenizer) -> VocabularySpec:
        """Size and special ids of the vocabulary, from which a model is built."""
        return VocabularySpec(
            vocab_size=self.vocab_size,
            boundary_id=self.boundary_id,
            start_id=self.sentence_start_id,
            never_ids=self.never_ids,
        )

    def decode(
        self: Tokenizer, token_ids: Integer[np.ndarray, " num_tokens"] | Iterable[int]
    ) -> str:
        """Return the text of token ids; special tokens have no text.

        Decoding restores what `encode` knows of a text. A word-level tokenizer writes one blank
        between words.

        Raises:
            VocabularyError: An id is not in the vocabulary.
        """
        decoder = self.stream_decoder()
        # Converting an array at once is much faster than converting each element.
        numbers = token_ids.tolist() if isinstance(token_ids, np.ndarray) else token_ids
        parts = [decoder.feed(token_id) for token_id in numbers]
        return "".join([*parts, decoder.flush()])

    def count_lost(self: Tokenizer, text: str) -> int:
        """Return how many characters of a text are lost when it is encoded and decoded."""
        return count_lost(text, self.decode(self.encode(text).ids))

    def save(self: Tokenizer, path: Path) -> None:
        """Write the `tokenizer.json` to a file, atomically."""
        write_bytes(path, self.to_json().encode("utf-8"))
