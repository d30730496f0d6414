"""Random sentences, on which an exported model is compared with the model."""

import random
from collections.abc import Sequence

#: Numbers of words of the sentences of a batch.
SAMPLE_LENGTHS = (1, 2, 5, 17)


def random_sentences(
    words: Sequence[str], *, lengths: Sequence[int] = SAMPLE_LENGTHS, seed: int = 0
) -> list[list[str]]:
    """Return sentences of random words of a vocabulary, and of one that is not in it.

    Args:
        words: The vocabulary. Words with a blank are left out.
        lengths: Number of words of each sentence.
        seed: Seed of the choice.
    """
    known = ["Unseen-0-word", *(word for word in words if len(word.split()) == 1)]
    generator = random.Random(seed)
    return [generator.choices(known, k=length) for length in lengths]
