"""Random expected and predicted labels."""

import numpy as np

LABELS = ("a", "b", "c", "d")


def random_labels(seed: int, *, num_items: int = 40) -> tuple[list[str], list[str]]:
    """Return labels and predictions of which 60 % are right; "d" is predicted, never expected."""
    generator = np.random.default_rng(seed)
    expected = generator.choice(LABELS[:3], num_items)
    is_kept = generator.random(num_items) < 0.6
    predicted = np.where(is_kept, expected, generator.choice(LABELS, num_items))
    return expected.tolist(), predicted.tolist()
